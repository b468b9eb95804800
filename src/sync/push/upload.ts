import type { ContentStore } from '../../content/contentStore.ts';
import type { DurabilityBarrier } from '../../store/durability.ts';
import type { Ino, NodeRow, Synced } from '../../store/nodeRow.ts';
import { setAside } from '../tree/conflicts.ts';
import { noteFormerPlace } from '../tree/paths.ts';
import { isRemoteError, type Remote, RemoteError, type RemoteFile, type WirePath } from '../tree/remote.ts';
import { beginCreation, type CreationDeps, findOverwritten, keepOverwritten } from './creation.ts';
import { type SendDeps, send } from './send.ts';
import {
  describeUnreachable,
  openStaging,
  type Snapshot,
  type SnapshotDeps,
  takeSnapshot,
  tryTakeSnapshot,
} from './snapshot.ts';

export interface UploadDeps extends CreationDeps, SendDeps, SnapshotDeps {
  readonly store: ContentStore;
  readonly barrier: DurabilityBarrier;
}

/** A place on the server, fixed for one push: the file may be renamed here meanwhile. */
export interface Target {
  readonly parent: Ino;
  /** Local spelling of the last name of `path`. */
  readonly name: string;
  readonly path: WirePath;
}

/**
 * Pushes a file's content to `target` (its place in the synced tree): base check, allocate, send from `resume_pos`, commit.
 * Answers the folders to list again: of a conflict.
 * Rejects with RemoteError; `cancelled` when the file was written to meanwhile.
 */
export async function pushContent(
  deps: UploadDeps,
  row: NodeRow,
  target: Target,
  signal: AbortSignal,
): Promise<readonly Ino[]> {
  const file = row.staging === null ? undefined : await openStaging(deps, row.staging);
  try {
    const push = (snapshot: Snapshot) => pushSnapshot(deps, deps.nodes.get(row.ino) ?? row, target, snapshot, signal);
    const snapshot = await tryTakeSnapshot(deps, row, file, signal);
    if (snapshot !== undefined) return await push(snapshot);
    const base = file?.info.base?.content;
    // The file is not where it was: the listing tells what became of it.
    if (base === undefined || row.synced?.md5 === base.md5) return row.synced === null ? [] : [row.synced.parent];
    const stale = await push(describeUnreachable(base, row));
    return stale.length > 0 ? stale : await push(await takeSnapshot(deps, row, file, signal));
  } finally {
    if (file !== undefined) await deps.staging.close(file.id);
  }
}

async function pushSnapshot(
  deps: UploadDeps,
  row: NodeRow,
  target: Target,
  snapshot: Snapshot,
  signal: AbortSignal,
): Promise<readonly Ino[]> {
  const wire = target.path.at(-1) as string;
  const former = deps.nodes.facts.getSent(row.ino);
  const commit = async (remote?: RemoteFile) => {
    const overwritten = await findOverwritten(deps, row.ino, target.path, snapshot, former, signal);
    await commitUpload(deps, row, snapshot, overwritten, {
      parent: target.parent,
      name: target.name,
      wire: remote?.wire ?? wire,
      md5: snapshot.md5,
      size: snapshot.size,
      mtime: remote?.mtime ?? snapshot.mtime,
      revision: remote?.revision ?? null,
      uuid: remote?.uuid ?? row.synced?.uuid ?? null,
    });
  };
  const met: Met =
    row.synced === null ? { as: 'nothing' } : await meet(deps, row, target.path, snapshot, former, signal);
  if (met.as === 'other') return [makeConflict(deps, row.ino, target.parent)];
  if (met.as === 'same') {
    await commit(met.file);
    return [];
  }
  await noteBegun(deps, row, target, snapshot.md5);
  const creating = met.as === 'nothing';
  try {
    if (creating && !(await beginCreation(deps, row.ino, target.path, snapshot.size, signal))) {
      throw new RemoteError('conflict', 'something has the name of a new file');
    }
    // Where nothing is refused, that was looked at already.
    const created = creating ? 0 : met.file.created;
    const onto = creating && deps.remote.refusesTaken() !== false ? 'reject' : { created };
    await send(deps, row.ino, snapshot, target.path, onto, signal);
  } catch (error) {
    if (!isRemoteError(error, 'conflict')) throw error;
    const current = await tryFetchFile(deps.remote, target.path, signal);
    if (current?.md5 === snapshot.md5) {
      await commit(current);
      return [];
    }
    if (current === undefined || !former.includes(current.md5)) return [makeConflict(deps, row.ino, target.parent)];
    await send(deps, row.ino, snapshot, target.path, { created: current.created }, signal);
  }
  await commit();
  return [];
}

/** What is at the target of a file that the server has: nothing, what the bytes rest on, those very bytes, or somebody else's. */
type Met = { readonly as: 'nothing' } | { readonly as: 'base' | 'same' | 'other'; readonly file: RemoteFile };

/** `former`: contents of earlier uploads of this file, whose answers never came: the newer bytes rest on them too. */
async function meet(
  { remote }: UploadDeps,
  { synced }: NodeRow,
  path: WirePath,
  { md5 }: Snapshot,
  former: readonly string[],
  signal: AbortSignal,
): Promise<Met> {
  const file = await tryFetchFile(remote, path, signal);
  if (file === undefined) return { as: 'nothing' };
  // What was begun with other bytes would stay unfinished there: the same bytes once more end it.
  const isFinished = file.unfinished !== true || former.every((each) => each === md5);
  if (file.md5 === md5) return { as: isFinished ? 'same' : 'base', file };
  return { as: file.md5 === synced?.md5 || former.includes(file.md5) ? 'base' : 'other', file };
}

/**
 * Before the first request, so that a crash or an unlink in the middle finds what may have arrived. On the disk too: a machine
 * that lost this with its power would meet its own upload as somebody else's. A disk that keeps nothing is no reason to keep
 * the bytes from the server.
 */
async function noteBegun({ nodes, barrier, faultPoint }: UploadDeps, row: NodeRow, target: Target, md5: string) {
  const { parent, name, path } = target;
  nodes.transaction(() => {
    const attempted = { md5: null, size: 0, mtime: 0, revision: null, uuid: null };
    const synced = { parent, name, wire: path.at(-1) as string, ...attempted };
    if (row.synced === null) nodes.update(row.ino, { synced });
    nodes.facts.addSent(row.ino, md5);
  });
  await barrier.barrier().catch(() => undefined);
  faultPoint('uploadNoted');
}

/** The server has `synced`; the staging file becomes clean cache unless it was written to meanwhile. */
async function commitUpload(
  deps: UploadDeps,
  row: NodeRow,
  snapshot: Snapshot,
  overwritten: RemoteFile | undefined,
  synced: Synced,
): Promise<void> {
  const { staging, store } = deps;
  const staged = snapshot.staged !== undefined && snapshot.stillSame() ? snapshot.staged : undefined;
  const adopted = staged?.file.id;
  const arrived = adopted === undefined ? () => {} : store.expect(snapshot.md5);
  try {
    noteUploaded(deps, row, snapshot, overwritten, synced, adopted);
    if (staged === undefined || adopted === undefined) return;
    staged.file.adopted = { md5: snapshot.md5, size: snapshot.size };
    deps.faultPoint('committed');
    // On the disk before the file moves: a row that still names it would name nothing.
    await deps.barrier.barrier();
    await staging.moveToCache(adopted, (path) => store.moveIntoCache({ ...snapshot, ...staged }, snapshot.size, path));
    deps.faultPoint('adopted');
  } finally {
    arrived();
  }
}

/** `adopted`: the staging file that holds what the server has now, and that the row names no more. */
function noteUploaded(
  deps: UploadDeps,
  row: NodeRow,
  snapshot: Snapshot,
  overwritten: RemoteFile | undefined,
  synced: Synced,
  adopted: string | undefined,
): void {
  const { nodes, staging } = deps;
  // Both or neither: an upload that is on record neither as sent nor as synced would be met as somebody else's.
  nodes.transaction(() => {
    nodes.facts.clearSent(row.ino);
    const before = nodes.get(row.ino);
    if (before === undefined) return;
    const replaced = before.synced?.md5 ?? null;
    // It is an older revision from now on; an edit or a copy may still need it.
    if (before.synced !== null && replaced !== null && replaced !== synced.md5) {
      const isNeeded = staging.isBase(replaced, adopted ?? null) || nodes.isWanted(replaced);
      if (isNeeded) noteFormerPlace(nodes, before.synced);
    }
    const clean = adopted === undefined ? {} : { staging: null, md5: snapshot.md5 };
    nodes.update(row.ino, { synced, failure: null, ...clean });
    if (overwritten !== undefined) keepOverwritten(deps, row.ino, overwritten);
  });
}

async function tryFetchFile(remote: Remote, path: WirePath, signal: AbortSignal): Promise<RemoteFile | undefined> {
  try {
    return await remote.fetchFile(path, signal);
  } catch (error) {
    if (isRemoteError(error, 'notFound')) return undefined;
    throw error;
  }
}

/** The server's version keeps the name; ours goes on as a new file beside it. Answers the folder to list again. */
function makeConflict(deps: UploadDeps, ino: Ino, parent: Ino): Ino {
  const row = deps.nodes.get(ino);
  if (row?.parent === null || row === undefined) {
    deps.nodes.update(ino, { synced: null });
    return parent;
  }
  const copy = setAside(deps.nodes, row, 'content', deps.names());
  deps.activity.noteChange(ino);
  deps.onConflict({ parent: row.parent, name: row.name }, { parent: row.parent, name: copy.name });
  return parent;
}
