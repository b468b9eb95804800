import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startEmulator } from '../emulator/emulator.ts';
import { run } from '../mount/support.ts';
import { type Contender, contenders } from './contenders.ts';
import { compareWithNfs } from './nfs.ts';
import { format, formatTable, keepResults, type Result } from './report.ts';
import { readCpuSeconds, readResidentMebibytes, type Scenario } from './scenario.ts';
import { programs } from './scenarios/programs.ts';
import { readingFast, readingSlowly } from './scenarios/reading.ts';
import { walking } from './scenarios/walking.ts';
import { writingLarge, writingSmall } from './scenarios/writing.ts';

// `npm run bench`: this drive and `rclone mount`, alternating, each on a fresh account of the emulator with an empty cache.
// Prints a Markdown table of medians. Needs root, to make the kernel forget what it knows between rows.
//   --only walk,read    these scenarios
//   --rounds N          how often each is run (1)
//   --scale X           sizes times X; 0.02 is a smoke test
//   --keep              writes test/bench/RESULTS.md, results.json and the table of README.md
//   --nfs               this drive by FUSE and by NFS instead, on a server that answers at once

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    rounds: { type: 'string', default: '1' },
    scale: { type: 'string', default: '1' },
    keep: { type: 'boolean', default: false },
    nfs: { type: 'boolean', default: false },
  },
});
if (values.nfs) {
  await compareWithNfs();
  process.exit();
}
const scale = positive('scale');
const rounds = positive('rounds');
const makers = [walking, readingSlowly, readingFast, writingLarge, writingSmall, programs];
const results: Result[] = [];
/** Removed at the end: after many removals ext4 takes long to make files, for minutes (docs/PERFORMANCE.md, A full cache). */
const homes: string[] = [];
try {
  for (const make of makers) {
    if (values.only === undefined || values.only.split(',').includes(make(scale).name))
      results.push(...(await runScenario(make)));
  }
} finally {
  for (const home of homes) await rm(home, { recursive: true, force: true });
}
if (results.length === 0)
  throw new Error(`no such scenario; there are: ${makers.map((make) => make(1).name).join(', ')}`);
const names = contenders.map(({ name }) => name) as [string, string];
console.log(formatTable(results, names));
if (values.keep) await keepResults(results, names, rounds);

async function runScenario(make: (scale: number) => Scenario): Promise<Result[]> {
  const { name: scenario, rows } = make(scale);
  const found = rows.map(({ name, unit }) => ({
    scenario,
    name,
    unit,
    values: Object.fromEntries(contenders.map((contender) => [contender.name, [] as number[]])),
  }));
  for (let round = 0; round < rounds; round += 1) {
    for (const contender of contenders) {
      const measured = await measure(contender, make(scale));
      for (const [at, value] of measured.entries()) found[at]?.values[contender.name]?.push(value);
    }
  }
  return found;
}

/** One contender through one scenario: a value a row. */
async function measure(contender: Contender, scenario: Scenario): Promise<number[]> {
  const home = await mkdtemp(join(tmpdir(), 'jottacloud-bench-'));
  homes.push(home);
  const dir = join(home, 'local');
  await mkdir(dir);
  const emulator = await startEmulator({ rclone: join(home, 'rclone'), state: join(home, 'emulator') });
  try {
    await scenario.prepare(emulator, dir);
    await contender.prepare?.(emulator, home);
    // What others wrote is not to be written back while this one is measured.
    await run('sync', []);
    emulator.shape(scenario.shape);
    const begun = performance.now();
    let mounted = await contender.start(emulator, home, scenario.settleMs);
    try {
      const bench = {
        emulator,
        dir,
        volume: mounted.volume,
        startMs: performance.now() - begun,
        remount: async () => {
          await mounted.stop();
          mounted = await contender.start(emulator, home, scenario.settleMs);
        },
        cpuSeconds: () => readCpuSeconds(mounted.pid),
        residentMebibytes: () => readResidentMebibytes(mounted.pid),
      };
      const measured: number[] = [];
      for (const { name, unit, measure: take } of scenario.rows) {
        measured.push(await take(bench));
        process.stderr.write(`${contender.name}: ${name}: ${format(measured.at(-1) ?? Number.NaN, unit)}\n`);
      }
      return measured;
    } finally {
      await mounted.stop();
    }
  } finally {
    await emulator.close();
  }
}

function positive(name: 'scale' | 'rounds'): number {
  const value = Number(values[name]);
  if (!(value > 0)) throw new Error(`--${name} wants a number above 0`);
  return value;
}
