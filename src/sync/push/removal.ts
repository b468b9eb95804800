import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { StagingStore } from '../../content/stagingStore.ts';
import type { Ino, NodeRow } from '../../store/nodeRow.ts';
import type { Nodes } from '../../store/nodes.ts';
import type { Folders } from '../pull/folders.ts';
import type { Activity } from '../tree/activity.ts';
import type { FaultPoint } from '../tree/faultPoints.ts';
import { forgetServerSide, getWirePath } from '../tree/paths.ts';
import { isRemoteError, type Remote, RemoteError, type TreeEntry, type WirePath } from '../tree/remote.ts';

export interface RemovalDeps {
  readonly nodes: Nodes;
  readonly activity: Activity;
  readonly remote: Remote;
  readonly folders: Folders;
  readonly staging: StagingStore;
  readonly log: Log;
  readonly clock: Clock;
  /** Called at each step whose survival is proved (faultPoints.ts). */
  readonly faultPoint: (point: FaultPoint) => void;
}

/**
 * Moves a removed file or tree to the server's trash, once a listing of a moment ago has shown that it is still what was
 * removed here: what was changed or added elsewhere comes back instead (merge.ts). The server offers no conditional
 * removal, so an instant stays open; what falls into it is in the trash.
 */
export async function pushRemoval(deps: RemovalDeps, ino: Ino, signal: AbortSignal): Promise<void> {
  const before = deps.nodes.get(ino);
  if (before === undefined || before.synced === null) return;
  try {
    // When it was removed is remembered by its row alone after a restart.
    const removedAt = Math.max(deps.activity.changedAt(ino), before.ctimeMs);
    if (before.kind === 'file') await deps.folders.ensureFresh(before.synced.parent, removedAt);
    else await ensureTreeKnown(deps, before, signal);
  } catch (error) {
    if (!isRemoteError(error, 'notFound')) throw error;
    // It, or the folder it was in, seems to be gone from the server as well: the listing above tells.
    await deps.folders.look(before.synced.parent);
  }
  // Look again: the listing may have brought it back, or have shown that it is gone.
  const row = deps.nodes.get(ino);
  const path = getWirePath(deps.nodes, ino);
  if (row === undefined || row.parent !== null || row.synced === null || path === undefined) return;
  if (row.kind !== 'file' && deps.nodes.getSyncedChildren(ino).some((child) => child.parent !== null)) return;
  await deps.activity.whileTouching([row.synced], async () => {
    await deps.remote[row.kind === 'file' ? 'trashFile' : 'trashFolder'](path, signal);
    deps.faultPoint('removed');
    forget(deps, ino);
  });
}

/** The server holds it no longer: the removed rows go; what was put back in its place meanwhile is new. */
function forget(deps: RemovalDeps, ino: Ino): void {
  const { nodes, activity, staging } = deps;
  nodes.transaction(() => {
    forgetServerSide(nodes, ino, {
      isOpen: (each) => activity.isOpen(each),
      isBase: (md5) => staging.isBase(md5, null),
    });
  });
}

/**
 * One recursive listing of the tree; folders that hold something else than we know are listed, and merged, again. Rejects with
 * RemoteError `incomplete` while something that nobody has seen cannot be used and brings nothing back either.
 */
async function ensureTreeKnown(deps: RemovalDeps, top: NodeRow, signal: AbortSignal): Promise<void> {
  const path = getWirePath(deps.nodes, top.ino);
  if (path === undefined) return;
  const surprising = new Set<Ino>();
  const places = new Map<string, Place>();
  let unseen = 0;
  for await (const entry of deps.remote.fetchTree(path, signal)) {
    const key = entry.folder.join('/');
    const place = places.get(key) ?? findFolder(deps.nodes, top.ino, entry.folder, entry.wire);
    places.set(key, place);
    const known = place.known ? findKnown(deps.nodes, place.ino, entry) : undefined;
    if (!place.known || !isExpected(deps.nodes, entry, known)) surprising.add(place.ino);
    if (entry.kind === 'unusable' && known === undefined) unseen += 1;
  }
  // One that is joined may have been asked for before what the tree showed was there.
  const seenAt = deps.clock.now();
  for (const ino of surprising) await deps.folders.ensureFresh(ino, seenAt);
  if (unseen === 0) return;
  deps.log.warn('a removed folder stays on the server: it holds entries there that cannot be shown here', {
    path,
    unseen,
  });
  if (deps.nodes.get(top.ino)?.parent === null)
    throw new RemoteError('incomplete', 'a removed folder holds entries that cannot be used');
}

function findKnown(nodes: Nodes, folder: Ino, entry: TreeEntry): NodeRow | undefined {
  return entry.kind === 'folder' ? undefined : findChild(nodes, folder, entry.name, entry.wire.at(-1));
}

function isExpected(nodes: Nodes, entry: TreeEntry, known: NodeRow | undefined): boolean {
  if (entry.kind === 'folder') return true;
  if (entry.kind === 'unusable' || known === undefined || known.synced === null) return false;
  return known.synced.md5 === entry.md5 || nodes.facts.wasSent(known.ino, entry.md5);
}

interface Place {
  readonly ino: Ino;
  readonly known: boolean;
}

/** The synced folder at `names` below `top`, or the last one on the way that is known. */
function findFolder(nodes: Nodes, top: Ino, names: readonly string[], wire: WirePath): Place {
  let ino = top;
  for (const [index, name] of names.entries()) {
    const child = findChild(nodes, ino, name, wire[index]);
    if (child === undefined || child.kind === 'file') return { ino, known: false };
    ino = child.ino;
  }
  return { ino, known: true };
}

/** Some are shown under another name than their spelling on the server stands for. */
function findChild(nodes: Nodes, folder: Ino, name: string, wire: string | undefined): NodeRow | undefined {
  return (
    nodes.getSyncedChild(folder, name) ?? nodes.getSyncedChildren(folder).find(({ synced }) => synced?.wire === wire)
  );
}
