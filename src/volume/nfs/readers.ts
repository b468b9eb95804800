import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Ino } from '../../store/nodeRow.ts';
import { nfsLimits } from './limits.ts';

/** The programs that have a file open or mapped, by the number of the file. */
export type Readers = ReadonlyMap<Ino, ReadonlySet<string>>;

/** Which programs of this user have which files of a volume open. Rejects where lsof cannot tell. */
export async function loadReaders(mountPoint: string): Promise<Readers> {
  const args = ['-w', '-n', '-P', '-F', 'pcfi', '--', mountPoint];
  const options = { timeout: nfsLimits.readersMs, maxBuffer: nfsLimits.readersBytes };
  const { stdout } = await promisify(execFile)(getLsof(process.platform), args, options);
  return parseReaders(stdout);
}

function getLsof(platform: NodeJS.Platform): string {
  return platform === 'darwin' ? '/usr/sbin/lsof' : 'lsof';
}

/** What `lsof -F pcfi` prints: of each process `p` and its number, `c` and its program; of each file `f` and `i`, its number. */
export function parseReaders(output: string): Readers {
  const readers = new Map<Ino, Set<string>>();
  let program = '';
  for (const line of output.split('\n')) {
    const value = line.slice(1);
    if (line.startsWith('p')) program = '';
    else if (line.startsWith('c')) program = value;
    else if (line.startsWith('i') && /^\d+$/.test(value)) {
      const ino = Number(value);
      const known = readers.get(ino);
      if (known === undefined) readers.set(ino, new Set([program]));
      else known.add(program);
    }
  }
  return readers;
}
