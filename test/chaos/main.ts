import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { type Counts, toLine } from '../../tools/setup/countReporter.ts';
import { formatCounts, formatProgress, newCounts } from './counts.ts';
import { pickQuirks } from './quirks.ts';
import { createRandom } from './random.ts';
import { getFindings, reportWorld } from './report.ts';
import { runRound } from './round.ts';
import { createWorld, type World } from './world.ts';

/**
 * Proves by causing faults that nothing is lost (SEMANTICS.md, "Tenets"): `npm run chaos -- --minutes N --seed S [--keep-going] [--only kill,faults]`.
 *
 * Rounds follow each other. In each, four programs work on a real volume (`operations.ts`), and a window beside it asks the drive
 * for whole files by its socket (`windowOperations.ts`), while the drive is killed, the server fails, other devices write, and
 * the disk runs full (`disturbances.ts`). Every answer goes into a model of what must be true (`fileActor.ts`,
 * `windowActor.ts`, `model.ts`). Then all is well, the drive drains, and the model is compared with the server
 * (`checkServer.ts`), the state folder (`checkState.ts`), and the volume (`checkView.ts`).
 *
 * How to read a violation. The findings come first, one line each:
 * - `LOST: …`: acknowledged by a close, fsync or rename, and neither there nor explained by a later change. The md5 and
 *   where else those bytes are follow.
 * - `… holds … after a crash: neither …`: what a restart shows is no state that acknowledged operations and a crash allow.
 * - `on the server, but it was removed`: a removal that did not happen, or was undone. `nobody put it there`: a wrong name.
 * - `a content nobody wrote`: bytes mixed from several versions, or damaged.
 * - `… answered E…; nothing going on explains that`: an errno that SEMANTICS.md does not give in that situation.
 * - `a request did not end …`, `a download …`: what a window asked for is neither done as a whole nor left without a trace.
 * - `in the log: …`: an ERROR line of the drive that `logRules.ts` has no reason for.
 * Paths are below `/Jotta/Archive`. Nothing is said about contested paths (changed by another device in that round, or
 * while the server lied) but the loss of bytes.
 * The kept folder has `history.log` (every operation and disturbance in order), `drive.log` (all its lives),
 * `requests.log` (what reached the server, in order of arrival, with the status answered), `disk-content/state`
 * (database, staging, lost+found), `server/account.json` (every revision, the trash too), and, when the drive did not end,
 * `report.*.json` (its stack and what it waits for). Search
 * `history.log` backwards for the path, then `drive.log` at the same time.
 *
 * `--seed` repeats every decision; what those decisions meet depends on timing, so a violation may need several runs.
 */
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string' },
    /** Names of disturbances, with commas: no others happen. For closing in on a violation. */
    only: { type: 'string' },
    /** Goes on in a new world after a violation. */
    'keep-going': { type: 'boolean', default: false },
  },
});

/** A world grows old with its account's history; after so many rounds a new sign-in begins a new one. */
const roundsPerWorld = 20;

const minutes = Number(values.minutes);
if (!Number.isFinite(minutes) || minutes <= 0) throw new Error('--minutes wants a number');
const only = values.only?.split(',');
const seed = values.seed ?? crypto.randomUUID().slice(0, 8);
const counts = newCounts();
const startedAt = performance.now();
/** Of all violations, a line each. */
const failures: string[] = [];
let violations = 0;
let world: World | undefined;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => void (world?.close(false) ?? Promise.resolve()).finally(() => process.exit(130)));
}

console.log(`chaos: seed ${seed}, ${minutes} min`);
while (performance.now() - startedAt < minutes * 60_000) {
  const round = counts.rounds;
  counts.rounds += 1;
  try {
    world ??= await createWorld(counts, pickQuirks(createRandom(`${seed}/quirks/${round}`)));
    if (round === 0 && !world.stage.disk.canFill) console.log('no loop mounts here: the disk is never full');
    await runRound(world, createRandom(`${seed}/${round}`), only);
    world.stage.history.take();
    if (counts.rounds % roundsPerWorld === 0) {
      await world.close(false);
      world = undefined;
      console.log(`${getSeconds()} s: ${formatProgress(counts)}`);
    }
  } catch (error) {
    violations += 1;
    // Before all that may fail in a world where something went wrong.
    console.log(`\nVIOLATION in round ${round}, seed ${seed} (--seed ${seed})`);
    for (const finding of getFindings(error)) {
      console.log(`  ${finding}`);
      failures.push(toLine(`seed ${seed}, round ${round}`, finding));
    }
    if (world !== undefined) await reportWorld(world);
    world = undefined;
    if (!values['keep-going']) break;
  }
}
await world?.close(false);
console.log(`\nchaos: seed ${seed}, ${getSeconds()} s, ${violations} violations\n${formatCounts(counts)}`);
const countsFile = process.env.JOTTACLOUD_TEST_COUNTS;
const result: Counts = { passed: violations === 0 ? 1 : 0, failed: violations, failures, passedTitles: [] };
if (countsFile !== undefined) await writeFile(countsFile, JSON.stringify(result));
process.exit(violations === 0 ? 0 : 1);

function getSeconds(): number {
  return Math.round((performance.now() - startedAt) / 1000);
}
