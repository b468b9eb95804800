import type { Ino, NodeRow } from '../../store/nodeRow.ts';
import { getCycleBreakerFolder } from '../plan/moveCycles.ts';
import type { Push } from '../plan/planner.ts';
import { getWirePath } from '../tree/paths.ts';
import { isRemoteError, RemoteError, type WirePath } from '../tree/remote.ts';
import { isUndone } from './failures.ts';
import { pushRemoval, type RemovalDeps } from './removal.ts';
import { pushContent, type Target, type UploadDeps } from './upload.ts';

export type PushDeps = UploadDeps & RemovalDeps;

/** Carries out one push and writes the outcome to `synced`. Answers the folders that turned out otherwise than known. */
export async function runPush(deps: PushDeps, push: Push, signal: AbortSignal): Promise<readonly Ino[]> {
  const row = deps.nodes.get(push.ino);
  if (row === undefined) return [];
  const places = [
    getWirePath(deps.nodes, row.ino),
    row.parent === null ? undefined : getWirePath(deps.nodes, row.parent),
  ];
  // What the volume refuses, but for what an earlier version of the drive took.
  if (places.some((path) => path !== undefined && path.length > 1 && deps.remote.isReadOnly(path))) {
    throw new RemoteError('forbidden', 'the account only lets this be read');
  }
  if (push.kind === 'trashFile' || push.kind === 'trashFolder') {
    await pushRemoval(deps, push.ino, signal);
    return [];
  }
  if (push.kind === 'setTimes') return runSetTimes(deps, row, signal);
  if (push.kind === 'createFolder' && row.kind !== 'folder') return findMountPoint(deps, row);
  const isAside = push.kind === 'moveAside';
  const target = getPendingTarget(deps, row) ?? (isAside ? getAsideTarget(deps, row) : getTarget(deps, row));
  try {
    return await pushTo(deps, push, row, target, signal);
  } catch (error) {
    const other = isRemoteError(error, 'invalidName') ? tryRespell(deps, row.ino, target) : undefined;
    if (other === undefined) throw error;
    return await pushTo(deps, push, deps.nodes.get(row.ino) ?? row, other, signal);
  }
}

async function pushTo(
  deps: PushDeps,
  { kind }: Push,
  row: NodeRow,
  target: Target,
  signal: AbortSignal,
): Promise<readonly Ino[]> {
  if (kind !== 'upload' && kind !== 'createFolder') return runMove(deps, row, target, signal);
  return deps.activity.whileTouching([target], async () => {
    if (kind === 'upload') return pushContent(deps, row, target, signal);
    await whileBegun(deps, row.ino, target, () => deps.remote.createFolder(target.path, signal));
    deps.faultPoint('folderCreated');
    settle(deps, row.ino, target);
    return [];
  });
}

/** After a refused name: the same place by another spelling, where the refusal has shown which character is not taken. */
function tryRespell({ nodes, remote }: UploadDeps, ino: Ino, target: Target): Target | undefined {
  const wire = remote.encodeName(target.name);
  const refused = target.path.at(-1);
  if (wire === refused) return undefined;
  const { synced = null } = nodes.get(ino) ?? {};
  // Nothing can have been stored under the name that was refused.
  if (synced !== null && synced.md5 === null && synced.wire === refused) nodes.update(ino, { synced: null });
  return { ...target, path: [...target.path.slice(0, -1), wire] };
}

/** Where an earlier try was to end, of which nobody knows what became; it is tried again before anything else. */
function getPendingTarget({ nodes }: UploadDeps, { ino, pendingTarget }: NodeRow): Target | undefined {
  if (pendingTarget === null) return undefined;
  const folder = getWirePath(nodes, pendingTarget.parent);
  if (folder !== undefined)
    return { parent: pendingTarget.parent, path: [...folder, pendingTarget.wire], name: pendingTarget.name };
  nodes.update(ino, { pendingTarget: null });
  throw new RemoteError('cancelled', 'the folder it was to go to is gone');
}

/** On record before the first request: whatever cuts this short, what may have been done is found again (decide.ts repeatBegun). */
async function whileBegun(deps: UploadDeps, ino: Ino, { parent, path, name }: Target, work: () => Promise<void>) {
  const { nodes } = deps;
  nodes.update(ino, { pendingTarget: { parent, name, wire: path.at(-1) as string } });
  deps.faultPoint('begun');
  try {
    await work();
  } catch (error) {
    if (isUndone(error)) nodes.update(ino, { pendingTarget: null });
    throw error;
  }
}

function getTarget({ nodes, remote }: UploadDeps, row: NodeRow): Target {
  const parent = row.parent;
  const folder = parent === null ? undefined : getWirePath(nodes, parent);
  if (parent === null || folder === undefined) throw new RemoteError('cancelled', 'the folder is not there yet');
  const inPlace = row.synced !== null && row.synced.parent === parent && row.synced.name === row.name;
  const wire = inPlace && row.synced !== null ? row.synced.wire : remote.encodeName(row.name, row.synced?.wire);
  return { parent, path: [...folder, wire], name: row.name };
}

/** How much of its name a node keeps while it waits beside its place. */
const asideCharacters = 100;

/** A free name near the target, for what waits in a ring; the next plan moves it on. */
function getAsideTarget({ nodes, remote }: UploadDeps, row: NodeRow): Target {
  const parent = getCycleBreakerFolder(nodes, row);
  const folder = parent === undefined ? undefined : getWirePath(nodes, parent);
  if (parent === undefined || folder === undefined) throw new RemoteError('cancelled', 'there is no place to wait');
  // A long name is cut to its beginning, so that the rest has room.
  const name = `.${[...row.name].slice(0, asideCharacters).join('')}.jottacloud-${row.ino}`;
  return { parent, path: [...folder, remote.encodeName(name)], name };
}

function settle({ nodes }: UploadDeps, ino: Ino, { parent, path, name }: Target): void {
  const row = nodes.get(ino);
  if (row === undefined) return;
  const wire = path.at(-1) as string;
  const known = row.synced ?? { md5: null, size: 0, mtime: 0, revision: null, uuid: null };
  nodes.update(ino, { synced: { ...known, parent, name, wire }, pendingTarget: null, failure: null });
}

/** A mountpoint is the server's to make: whether it is there again, a listing tells. */
async function findMountPoint({ nodes, folders }: PushDeps, { ino, parent }: NodeRow): Promise<readonly Ino[]> {
  if (parent !== null) await folders.look(parent);
  if (nodes.get(ino)?.synced === null) throw new RemoteError('vanished', 'the mountpoint is not there any more');
  return [];
}

async function runMove(deps: UploadDeps, row: NodeRow, target: Target, signal: AbortSignal): Promise<readonly Ino[]> {
  const from = getWirePath(deps.nodes, row.ino);
  if (from === undefined || row.synced === null) throw new RemoteError('cancelled', 'nothing to move yet');
  const places = [row.synced, target];
  // Nobody knows what came of the upload that was begun there.
  const isUnsure = row.kind === 'file' && row.synced.md5 === null;
  return deps.activity.whileTouching(places, async () => {
    const move = row.kind === 'file' ? deps.remote.moveFile : deps.remote.moveFolder;
    try {
      await whileBegun(deps, row.ino, target, async () => {
        try {
          if (isUnsure && !(await isOwn(deps, row.ino, from, signal))) throw notOurs();
          await move(from, target.path, signal);
        } catch (error) {
          // An earlier try may have moved it there.
          const isMoved =
            isUnsure && isRemoteError(error, 'notFound') && (await isOwn(deps, row.ino, target.path, signal));
          if (!isMoved) throw error;
        }
      });
    } catch (error) {
      if (!isRemoteError(error, 'notFound')) throw error;
      if (isUnsure) {
        // It never came to be.
        deps.nodes.update(row.ino, { synced: null });
        return [];
      }
      // One of its ends is not what we knew: the listings tell which, and what to do instead (merge.ts).
      return places.map(({ parent }) => parent);
    }
    deps.faultPoint('moved');
    settle(deps, row.ino, target);
    return [];
  });
}

const notOurs = () => new RemoteError('notFound', 'what is there, if anything, is not ours');

/** Is something at `path` that was sent for this node? An upload that was not finished is ours too, and moves: it would stay there otherwise. */
async function isOwn({ nodes, remote }: UploadDeps, ino: Ino, path: WirePath, signal: AbortSignal): Promise<boolean> {
  const { current, unfinished } = await remote.fetchProgress(path, signal);
  const md5 = (current ?? unfinished)?.md5;
  return md5 !== undefined && nodes.facts.wasSent(ino, md5);
}

async function runSetTimes(deps: UploadDeps, row: NodeRow, signal: AbortSignal): Promise<readonly Ino[]> {
  const path = getWirePath(deps.nodes, row.ino);
  const { synced } = row;
  if (path === undefined || synced === null || synced.md5 === null) return [];
  const { md5, size } = synced;
  return deps.activity.whileTouching([synced], async () => {
    try {
      // The server's command would bring back what was removed meanwhile.
      const { created } = await deps.remote.fetchFile(path, signal);
      await deps.remote.setTimes(path, { md5, size, mtime: row.mtime.sec, created }, signal);
    } catch (error) {
      if (!isRemoteError(error, 'notFound') && !isRemoteError(error, 'conflict')) throw error;
      return [synced.parent];
    }
    deps.faultPoint('timesSet');
    const current = deps.nodes.get(row.ino)?.synced;
    if (current?.md5 === md5) deps.nodes.update(row.ino, { synced: { ...current, mtime: row.mtime.sec } });
    return [];
  });
}
