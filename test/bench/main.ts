import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startEmulator } from '../emulator/emulator.ts';
import { contenders } from './contenders.ts';
import { measures, prepare, residentMebibytes } from './measures.ts';
import { compareWithNfs } from './nfs.ts';

// `npm run bench [-- --latency MS --bandwidth BYTES/S]`: this drive and `rclone mount` on the same emulator, each with an
// empty cache, one after the other. Prints a Markdown table. Bandwidth is per connection, as Jottacloud's is reported.
// `npm run bench -- --nfs`: this drive by FUSE and by NFS instead, on a server that answers at once.

const { values } = parseArgs({
  options: {
    latency: { type: 'string', default: '30' },
    bandwidth: { type: 'string' },
    nfs: { type: 'boolean', default: false },
  },
});
if (values.nfs) {
  await compareWithNfs();
  process.exit();
}
const dir = await mkdtemp(join(tmpdir(), 'jottacloud-bench-'));
const columns: string[][] = [];
try {
  for (const [index, contender] of contenders.entries()) {
    const home = join(dir, String(index));
    await mkdir(home);
    const emulator = await startEmulator({ rclone: join(home, 'rclone'), state: join(home, 'emulator') });
    await prepare(emulator, home);
    await contender.prepare?.(emulator, home);
    const bandwidth = values.bandwidth === undefined ? {} : { bandwidth: Number(values.bandwidth) };
    emulator.shape({ latency: Number(values.latency), ...bandwidth });
    const begun = performance.now();
    const mounted = await contender.start(emulator, home);
    const cells = [`${Math.round(performance.now() - begun)} ms`];
    try {
      for (const { name, work, show } of measures) {
        const start = performance.now();
        await work({ emulator, mounted, dir: home });
        cells.push(show(performance.now() - start));
        process.stderr.write(`${contender.name}: ${name}: ${cells.at(-1)}\n`);
      }
      cells.push(await residentMebibytes(mounted.pid));
    } finally {
      await mounted.stop();
      await emulator.close();
    }
    columns.push(cells);
  }
} finally {
  await rm(dir, { recursive: true, force: true });
}

const rows = ['start to usable volume', ...measures.map(({ name }) => name), 'memory of the process after all that'];
console.log(`| ${values.latency} ms latency | ${contenders.map(({ name }) => name).join(' | ')} |`);
console.log(`|---|${contenders.map(() => '---').join('|')}|`);
for (const [at, row] of rows.entries()) console.log(`| ${row} | ${columns.map((cells) => cells[at]).join(' | ')} |`);
