import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { startEmulator } from '../emulator/emulator.ts';
import { collect } from './collect.ts';
import { startShippedDrive } from './shippedDrive.ts';
import { type Checkup, steps } from './steps.ts';

// npm run checkup -- [--driver auto|fuse|nfs] [--report FILE]
//
// Does with a volume of what is shipped for this computer what a person and Finder do, on an account of its own. Ends with 0
// when all is as it should be; else writes what is to be known about it into a file that may be shown to anybody.

/** ms that one step takes at most, on a slow computer. */
const stepMs = 120_000;

const { values } = parseArgs({
  options: {
    driver: { type: 'string', default: 'auto' },
    report: { type: 'string', default: 'jottacloud-checkup.txt' },
  },
});

const emulator = await startEmulator();
const drive = await startShippedDrive(emulator, values.driver);
const checkup: Checkup = { emulator, drive, volume: drive.mountPoint };
const results: string[] = [];
for (const [name, run] of steps) {
  const failure = await attempt(() => run(checkup));
  const line = failure === undefined ? `ok    ${name}` : `FAIL  ${name}: ${failure}`;
  console.log(line);
  results.push(line);
  if (failure !== undefined) break;
}
const failed = results.some((line) => line.startsWith('FAIL'));
if (failed) {
  const report = path.resolve(values.report);
  // Before the volume is taken away: the state it is in is what is asked for.
  await writeFile(report, await collect({ results, log: drive.getLog(), driver: values.driver }));
  console.log(`what is to be known is in ${report}`);
}
await drive.close();
await emulator.close();
process.exit(failed ? 1 : 0);

/** Resolves with what went wrong; undefined: nothing. A system call on a volume that hangs cannot be called off. */
async function attempt(run: () => Promise<void>): Promise<string | undefined> {
  const late = Promise.withResolvers<string>();
  const timer = setTimeout(() => late.resolve(`not done after ${stepMs / 1_000} s`), stepMs);
  const done = run().then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  const outcome = await Promise.race([done, late.promise]);
  clearTimeout(timer);
  return outcome;
}
