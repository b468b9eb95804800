import { execFile } from 'node:child_process';
import os from 'node:os';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Findings {
  readonly driver: string;
  /** One line a step. */
  readonly results: readonly string[];
  /** Of the drive. */
  readonly log: string;
}

/** Characters of the end of the log: where it went wrong. */
const logEnd = 60_000;
/** ms that one program may take: a table of mounts can hang with a volume that does. */
const commandMs = 10_000;

type Command = readonly [program: string, ...args: string[]];

/** What tells how a system mounts. None needs an administrator. */
export function getCommands(platform: NodeJS.Platform): readonly Command[] {
  const macFuse = '/Library/Filesystems/macfuse.fs/Contents/Info.plist';
  if (platform === 'darwin') {
    return [
      ['/usr/bin/sw_vers'],
      ['/usr/bin/uname', '-a'],
      ['/sbin/mount'],
      ['/usr/bin/nfsstat', '-m'],
      ['/usr/bin/plutil', '-extract', 'CFBundleShortVersionString', 'raw', macFuse],
      ['/usr/bin/kmutil', 'showloaded', '--list-only', '--variant-suffix', 'release'],
      ['/usr/bin/systemextensionsctl', 'list'],
      ['/bin/ls', '-l', '/usr/local/lib/libfuse3.4.dylib', '/sbin/mount_nfs'],
    ];
  }
  return [['uname', '-a'], ['mount'], ['fusermount3', '--version'], ['ls', '-l', '/dev/fuse']];
}

/** A text without the names of the user and of this computer, and without the paths of exports. */
export async function collect({ driver, results, log }: Findings): Promise<string> {
  const outputs = await Promise.all(getCommands(process.platform).map(describe));
  const head = `driver ${driver}, Node.js ${process.version}, ${process.platform}-${process.arch}, ${os.release()}`;
  const text = [head, results.join('\n'), ...outputs, log.slice(-logEnd)].join('\n\n');
  return redact(text, { home: os.homedir(), user: os.userInfo().username, host: os.hostname() });
}

export function redact(text: string, { home, user, host }: Record<'home' | 'user' | 'host', string>): string {
  const named = [
    [home, '~'],
    [host, 'HOST'],
    [user, 'USER'],
  ] as const;
  let plain = text.replace(/jottacloud-[0-9a-f]{32}/g, 'jottacloud-EXPORT');
  for (const [name, stand] of named) if (name.length > 1) plain = plain.replaceAll(name, stand);
  return plain;
}

async function describe(command: Command): Promise<string> {
  const [program, ...args] = command;
  const output = await run(program, args, { timeout: commandMs }).then(
    ({ stdout, stderr }) => stdout + stderr,
    (error: unknown) => String(error),
  );
  return `$ ${command.join(' ')}\n${output.trim()}`;
}
