import { fsErrorCode } from '../../base/errno.ts';
import type { Checksummer } from '../../content/checksummer.ts';
import { type ContentReader, type ContentRef, newReadahead } from '../../content/contentReader.ts';
import type { ContentStore } from '../../content/contentStore.ts';
import type { Room } from '../../content/room.ts';
import type { StagingFile } from '../../content/stagingFile.ts';
import type { StagingStore } from '../../content/stagingStore.ts';
import type { DurabilityBarrier } from '../../store/durability.ts';
import type { Ino, NodeRow, Synced } from '../../store/nodeRow.ts';
import type { Activity } from '../tree/activity.ts';
import { setAside } from '../tree/conflicts.ts';
import { noteFormerPlace } from '../tree/paths.ts';
import { isRemoteError, type Remote, RemoteError, type RemoteFile, type WirePath } from '../tree/remote.ts';
import { beginCreation, type CreationDeps, findOverwritten, keepOverwritten } from './creation.ts';
import { type Sendable, type SendDeps, send } from './send.ts';

export interface UploadDeps extends CreationDeps, SendDeps {
  readonly activity: Activity;
  readonly staging: StagingStore;
  readonly store: ContentStore;
  readonly reader: ContentReader;
  readonly room: Room;
  readonly checksummer: Checksummer;
  readonly barrier: DurabilityBarrier;
}

/** The bytes to send, fixed: if the file is written to meanwhile, the upload is repeated. */
interface Snapshot extends Sendable {
  /** The file that the cache may take over, with the checksums of its blocks. */
  readonly staged: { readonly file: StagingFile; readonly blockSums: Uint8Array } | undefined;
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
    // It is not where it was: the listing tells what became of it.
    if (base === undefined || row.synced?.md5 === base.md5) return row.synced === null ? [] : [row.synced.parent];
    const stale = await push(describeUnreachable(base, row));
    return stale.length > 0 ? stale : await push(await takeSnapshot(deps, row, file, signal));
  } finally {
    if (file !== undefined) await deps.staging.close(file.id);
  }
}

/** RemoteError `vanished` when somebody has deleted the staging file. */
async function openStaging({ staging, reader }: UploadDeps, id: string): Promise<StagingFile> {
  try {
    return await staging.open(id, reader);
  } catch (error) {
    if (fsErrorCode(error) !== 'ENOENT') throw error;
    throw new RemoteError('vanished', 'the staging file was deleted', { cause: error });
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
  /** An earlier upload of this file, whose answer never came: the newer bytes rest on it. */
  const wasSent = (remote: RemoteFile) => former.includes(remote.md5);
  let creating = row.synced === null;
  let created = 0;
  if (!creating) {
    const current = await tryFetchFile(deps.remote, target.path, signal);
    created = current?.created ?? 0;
    if (current === undefined) creating = true;
    else if (current.md5 === snapshot.md5) {
      // What was begun with other bytes would stay unfinished there: the same bytes once more end it.
      if (current.unfinished !== true || former.every((md5) => md5 === snapshot.md5)) {
        await commit(current);
        return [];
      }
    } else if (current.md5 !== row.synced?.md5 && !wasSent(current))
      return [makeConflict(deps, row.ino, target.parent)];
  }
  if (row.synced === null) {
    // Before the first request, so that a crash or an unlink in the middle finds what may have arrived.
    const attempted = { md5: null, size: 0, mtime: 0, revision: null, uuid: null };
    deps.nodes.update(row.ino, { synced: { parent: target.parent, name: target.name, wire, ...attempted } });
  }
  deps.nodes.facts.addSent(row.ino, snapshot.md5);
  // On the disk too: a machine that lost this with its power would meet its own upload as somebody else's. A disk that keeps
  // nothing is no reason to keep the bytes from the server.
  await deps.barrier.barrier().catch(() => undefined);
  deps.faultPoint('uploadNoted');
  try {
    if (creating && !(await beginCreation(deps, row.ino, target.path, snapshot.size, signal))) {
      throw new RemoteError('conflict', 'something has the name of a new file');
    }
    // Where nothing is refused, that was looked at already.
    const onto = creating && deps.remote.refusesTaken() !== false ? 'reject' : { created };
    await send(deps, row.ino, snapshot, target.path, onto, signal);
  } catch (error) {
    if (!isRemoteError(error, 'conflict')) throw error;
    const current = await tryFetchFile(deps.remote, target.path, signal);
    if (current?.md5 === snapshot.md5) {
      await commit(current);
      return [];
    }
    if (current === undefined || !wasSent(current)) return [makeConflict(deps, row.ino, target.parent)];
    await send(deps, row.ino, snapshot, target.path, { created: current.created }, signal);
  }
  await commit();
  return [];
}

/** undefined when what the file is based on is at no path of the server any more. */
async function tryTakeSnapshot(
  deps: UploadDeps,
  row: NodeRow,
  file: StagingFile | undefined,
  signal: AbortSignal,
): Promise<Snapshot | undefined> {
  try {
    return await takeSnapshot(deps, row, file, signal);
  } catch (error) {
    if (!isRemoteError(error, 'vanished')) throw error;
    return undefined;
  }
}

/**
 * Content that is at no path any more. The server may still know it, as it does what is in the trash: pushed by its md5
 * alone it becomes a revision of the file that rests on it, and can be read there.
 */
function describeUnreachable({ md5, size }: ContentRef, row: NodeRow): Snapshot {
  return {
    md5,
    size,
    mtime: row.mtime.sec,
    staged: undefined,
    stillSame: () => true,
    chunks: () => {
      throw new RemoteError('vanished', 'what the file is based on is nowhere on the server any more');
    },
  };
}

async function takeSnapshot(
  deps: UploadDeps,
  row: NodeRow,
  file: StagingFile | undefined,
  signal: AbortSignal,
): Promise<Snapshot> {
  if (file === undefined) {
    if (row.md5 === null) throw new Error(`node ${row.ino} has no content`);
    const content = { md5: row.md5, size: row.size };
    return {
      ...content,
      mtime: row.mtime.sec,
      staged: undefined,
      stillSame: () => deps.nodes.get(row.ino)?.md5 === content.md5,
      chunks: (start) => readChunks(deps.reader, content, start),
    };
  }
  await file.fill(deps.room.ensure, signal);
  const generation = file.generation;
  await file.sync();
  const { md5, blockSums } = await file.digest(deps.checksummer, signal);
  // What is written and not flushed was not promised yet: its writer goes on in this very file.
  const isFlushed = () => !file.dirty && !deps.activity.isUnflushed(row.ino);
  const stillSame = () =>
    file.generation === generation && isFlushed() && deps.nodes.get(row.ino)?.staging === row.staging;
  if (!stillSame()) throw new RemoteError('cancelled', 'written to while being read');
  const content = { md5, size: file.size, mtime: row.mtime.sec };
  return { ...content, staged: { file, blockSums }, stillSame, chunks: (at) => file.chunks(at) };
}

async function* readChunks(reader: ContentReader, content: { md5: string; size: number }, start: number) {
  const ahead = newReadahead();
  const step = 1024 * 1024;
  for (let at = start; at < content.size; at += step) yield await reader.read(content, at, at + step, ahead);
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
