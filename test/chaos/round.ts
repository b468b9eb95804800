import { setTimeout as delay } from 'node:timers/promises';
import { Actor } from './actor.ts';
import { checkServer } from './checkServer.ts';
import { clearSetAside, discardMadeUp, loadDriveState, retryFailed } from './checkState.ts';
import { checkView } from './checkView.ts';
import { Director } from './disturbances.ts';
import { findUnfairErrors, type Past } from './logRules.ts';
import { getOriginals } from './model.ts';
import { operations } from './operations.ts';
import type { Random } from './random.ts';
import { loadServerState } from './serverState.ts';
import { Violation } from './violation.ts';
import { WindowActor } from './windowActor.ts';
import { windowOperations } from './windowOperations.ts';
import type { World } from './world.ts';

/** Programs at work side by side. */
const lanes = 4;
/** A round ends after so many operations, or so long. */
const roundOperations = 350;
const roundMs = 30_000;
/** Each try drains for up to 20 s (drive/main.ts); the later ones start with a new sign-in and no back-off. */
const drains = 8;

/** Programs work while everything goes wrong; then it all goes well, and what must be there is looked for. */
export async function runRound(world: World, random: Random, only?: readonly string[]): Promise<void> {
  const { stage, emulator } = world;
  const { model, history, drive } = stage;
  const died = Promise.withResolvers<never>();
  drive.onDeath = (violation) => died.reject(violation);
  drive.onDown = () => dropHandles(world);
  const other = { emulator, model, history, random: random.fork('other'), dir: world.dir };
  // Every fourth round the server tells untruths too; in the others every path is checked exactly.
  const mayLie = random.chance(0.25);
  const director = new Director({ stage, emulator, random: random.fork('director'), other, mayLie });
  const end = performance.now() + roundMs;
  const first = stage.counts.operations;
  let isFailed = false;
  let past: Omit<Past, 'fullDisk'>;
  const isOver = () => isFailed || performance.now() > end || stage.counts.operations - first > roundOperations;
  const programs = Array.from({ length: lanes }, (_, lane) => runLane(world, `lane ${lane}`, random, isOver));
  const directing = director.run(only);
  try {
    // A disturbance that fails ends the round too; one that ends well does not.
    await Promise.race([Promise.all(programs), died.promise, directing.then(() => new Promise<never>(() => {}))]);
    past = await director.stop();
    await directing;
    // Half of the rounds end with a death, so that what a silent server holds up does not hold up the rest.
    if (random.chance(0.5)) await director.kill();
    await Promise.race([closeAll(world), died.promise]);
  } catch (error) {
    isFailed = true;
    // Nothing may go on in a world that is taken down.
    await Promise.allSettled([director.stop(), directing]);
    throw error;
  }
  await check(world, past);
}

async function runLane(world: World, name: string, random: Random, isOver: () => boolean): Promise<void> {
  const stream = random.fork(name);
  const program = new Actor(world.stage, name);
  const window = new WindowActor(world.stage, `${name} window`);
  while (!isOver()) {
    const inWindow = stream.chance(0.4);
    const operation = stream.weighted(inWindow ? windowOperations : operations);
    // What programs do to names can be done in a window too.
    const actor = stream.chance(0.25) ? window : program;
    await operation({ actor, window, model: world.stage.model, random: stream });
    await delay(stream.int(0, 60));
  }
}

/** Closes what the dead drive's volume still has open: a detached volume ends with its last descriptor. */
function dropHandles({ stage }: World): void {
  for (const { file } of stage.model.getAll()) {
    if (file === undefined || file.handles.length === 0) continue;
    const { handles } = file;
    file.handles = [];
    if (file.changes.length > 0) file.uncertain = true;
    for (const { id } of handles) void stage.hands.call('close', id).catch(() => undefined);
  }
}

async function closeAll({ stage }: World): Promise<void> {
  const actor = new Actor(stage, 'end');
  for (const entry of stage.model.getAll()) {
    for (const handle of [...(entry.file?.handles ?? [])]) await actor.close(entry, handle);
  }
  for (const entry of stage.model.getLive()) if (entry.file !== undefined) await actor.settle(entry);
}

async function check(world: World, past: Omit<Past, 'fullDisk'>): Promise<void> {
  const { stage, emulator, state } = world;
  const { counts, model, drive } = stage;
  await drain(world);
  const { orphans, setAside } = await loadDriveState(state);
  const whole = { ...past, fullDisk: stage.disk.wasFull() };
  // A save that a full disk refused leaves a file that the next start sets aside; nothing else leaves one.
  const findings = whole.fullDisk ? [] : orphans.map((id) => `an orphan in staging: ${id}`);
  counts.setAside += setAside.length;
  await clearSetAside(state);
  const server = await loadServerState(emulator, world.serverState);
  for (const entry of model.getLive()) {
    if (entry.file === undefined) continue;
    if (entry.contested || model.isContested(model.getPath(entry))) counts.contestedFiles += 1;
    else counts.exactFiles += 1;
  }
  findings.push(...(await checkServer(model, { server, setAside, load: stage.load })));
  await start(world);
  findings.push(...(await checkView(stage, server)));
  findings.push(...findUnfairErrors(drive.takeLog(), whole).map((line) => `in the log: ${line}`));
  if (findings.length > 0) throw new Violation(findings);
  const isNewCopy = (path: string) => getOriginals(path).length > 0 && model.find(path) === undefined;
  counts.conflictCopies += [...server.files.keys()].filter(isNewCopy).length;
  await restartModel(world);
}

/** Ends the drive until nothing is pending any more; what the server refused is tried once more. */
async function drain(world: World): Promise<void> {
  const { stage, state } = world;
  let left: readonly string[] = [];
  let retried = false;
  for (let attempt = 0; attempt < drains; attempt += 1) {
    await calm(world);
    if (!stage.drive.isUp) await start(world);
    await stage.drive.stop('drain');
    const { pending, failed } = await loadDriveState(state);
    if (pending.length === 0) return;
    left = pending;
    if (failed === 0) continue;
    await discardMadeUp(state, (content) => stage.model.known.has(content));
    if ((await loadDriveState(state)).failed === 0) continue;
    if (retried) throw new Violation(['refused again, by a server that takes everything', ...pending]);
    retried = true;
    stage.counts.refused += failed;
    await retryFailed(state);
  }
  throw new Violation([`not drained after ${drains} tries`, ...left]);
}

/** A request that one fault held up may still bring on another: a full account, a lock, an outage. */
async function calm({ emulator }: World): Promise<void> {
  emulator.quota(null, false);
  await emulator.outage(false);
}

async function start({ stage, emulator }: World): Promise<void> {
  if (!(await stage.drive.start({ loginToken: emulator.newLoginToken(), settleMs: 100 }))) {
    throw new Violation(['the drive does not start', ...stage.drive.log.slice(-15)]);
  }
  Object.assign(stage.weather, { signedOut: false, killed: false });
}

async function restartModel({ stage, emulator }: World): Promise<void> {
  const prefix = '/Jotta/Archive/';
  const items = emulator.tree().filter(({ path }) => path.startsWith(prefix));
  const files = new Map<string, Buffer>();
  for (const { path, kind } of items) {
    if (kind === 'file') files.set(path.slice(prefix.length), await emulator.read(path));
  }
  const folders = items.filter(({ kind }) => kind === 'folder').map(({ path }) => path.slice(prefix.length));
  stage.model.restart(folders, files);
}
