import { nameKey } from '../../base/nameKey.ts';
import { type Ino, type NodeRow, type Synced, timestampOfMs } from '../../store/nodeRow.ts';
import type { Nodes } from '../../store/nodes.ts';
import type { Activity } from '../tree/activity.ts';
import { type ConflictNames, setAside } from '../tree/conflicts.ts';
import { getFirstLinkState, settleLinks } from '../tree/links.ts';
import { defaultFileMode, defaultFolderMode } from '../tree/modes.ts';
import { findEndsOfBegun, noteFormerPlace } from '../tree/paths.ts';
import type { Remote, RemoteEntry, RemoteFile } from '../tree/remote.ts';
import { nameEntries } from '../tree/standIns.ts';
import { holdsNews, revive } from './revive.ts';

/** A name in a folder that means something else now. */
export interface TreeChange {
  readonly parent: Ino;
  readonly name: string;
  /** There was nothing of that name before. */
  readonly came?: boolean;
  /** What had that name before and is gone. */
  readonly went?: NodeRow;
}

export interface MergeResult {
  readonly changes: readonly TreeChange[];
  readonly conflicts: readonly { original: TreeChange; copy: TreeChange }[];
  /** Staging files that nobody needs any more, once this is on the disk. */
  readonly discarded: readonly string[];
}

export interface MergeDeps {
  readonly nodes: Nodes;
  readonly activity: Activity;
  readonly names: () => ConflictNames;
  /** True when an edit that is not sent yet rests on this content. */
  readonly isBase: (md5: string) => boolean;
  /** True of a local-only file that does not keep its folder. */
  readonly isLitter: (row: NodeRow) => boolean;
  readonly remote: Pick<Remote, 'toKeptTime'>;
}

/**
 * Brings `synced` of one folder's children to what a listing says; clean nodes follow, dirty ones become conflicts, local
 * removals and creations stand until the server has them. `since` is `activity.seq` from before the listing was asked
 * for: names that our own pushes touched after that, or may still have touched, are left alone. One transaction; idempotent.
 */
export function mergeListing(
  { nodes, activity, names, isBase, isLitter, remote }: MergeDeps,
  listed: Ino,
  given: readonly RemoteEntry[],
  since: number,
  now: number,
): MergeResult {
  let folder = listed;
  const changes: TreeChange[] = [];
  const conflicts: { original: TreeChange; copy: TreeChange }[] = [];
  const discarded: string[] = [];
  let namesMoved = false;
  const note = (parent: Ino | null, name: string, how: Pick<TreeChange, 'came' | 'went'> = {}) => {
    if (parent !== null) changes.push({ parent, name, ...how });
  };

  const noteAbove = (ino: Ino) => {
    for (let at = nodes.get(ino); at !== undefined && at.parent !== null; at = nodes.get(at.parent)) {
      note(at.parent, at.name);
    }
  };

  /** Nobody has seen the names of a folder before its first listing. */
  const isKnown = nodes.get(listed)?.listedAt !== null;

  const insert = (entry: RemoteEntry, came = isKnown) => {
    namesMoved = true;
    note(folder, entry.name, { came });
    nodes.insert({
      kind: entry.kind,
      parent: folder,
      name: entry.name,
      size: entry.kind === 'file' ? entry.size : 0,
      mtime: { sec: entry.kind === 'file' ? entry.mtime : Math.floor(now / 1000), nsec: 0 },
      ctimeMs: entry.kind === 'file' ? entry.mtime * 1000 : now,
      mode: entry.kind === 'file' ? defaultFileMode : defaultFolderMode,
      md5: entry.kind === 'file' ? entry.md5 : null,
      localOnly: false,
      link: getFirstLinkState(entry.kind, entry.name),
      synced: toSynced(folder, entry),
    });
  };

  const makeConflict = (row: NodeRow, clash: 'content' | 'name') => {
    const copy = setAside(nodes, row, clash, names());
    activity.noteChange(row.ino);
    note(row.parent, row.name);
    note(copy.parent, copy.name, { came: true });
    conflicts.push({
      original: { parent: folder, name: row.name },
      copy: { parent: copy.parent as Ino, name: copy.name },
    });
  };

  const addNew = (entry: RemoteEntry, came = isKnown) => {
    const occupant = nodes.getChild(folder, entry.name);
    if (occupant === undefined) {
      insert(entry, came);
      return;
    }
    // This machine's own litter hides the server's; it is never sent, so there is nothing to conflict with.
    if (occupant.localOnly) return;
    const bothFolders = entry.kind !== 'file' && occupant.kind !== 'file';
    const unwritten = occupant.staging === null && !activity.isUnflushed(occupant.ino);
    const sameBytes = entry.kind === 'file' && unwritten && occupant.md5 === entry.md5;
    if (occupant.synced === null && (bothFolders || sameBytes)) {
      nodes.update(occupant.ino, { synced: toSynced(folder, entry), name: entry.name, failure: null });
      return;
    }
    makeConflict(occupant, 'name');
    insert(entry, false);
  };

  /**
   * Who has it open reads on in the revision that was opened; an edit of another file may need the rest of its bytes, a copy
   * that is not sent yet all of them.
   */
  const isNeeded = (ino: Ino, { md5 }: Synced) =>
    activity.isOpen(ino) || (md5 !== null && (isBase(md5) || nodes.isWanted(md5)));

  const follow = (row: NodeRow, old: Synced, listed: RemoteFile) => {
    // The server cannot say every time: one that it was sent is agreed on when it says what it kept of it.
    const entry = listed.mtime === remote.toKeptTime(old.mtime) ? { ...listed, mtime: old.mtime } : listed;
    const synced = toSynced(folder, entry);
    const bytesMoved = entry.md5 !== old.md5;
    if (bytesMoved && isNeeded(row.ino, old)) noteFormerPlace(nodes, old);
    if (row.parent === null) {
      // Removed here, changed there: the newer bytes win over the removal, so that nothing is lost.
      // Unless they are an upload of our own, whose answer never came.
      const ours = nodes.facts.getSent(row.ino).includes(entry.md5);
      if (bytesMoved && old.md5 !== null && !ours) restore(row, synced, entry);
      else nodes.update(row.ino, { synced });
      return;
    }
    const unwritten = row.staging === null && !activity.isUnflushed(row.ino);
    const clean = unwritten && (row.md5 === old.md5 || row.md5 === entry.md5);
    if (!clean && nodes.facts.getSent(row.ino).includes(entry.md5)) {
      // Our own upload, whose answer was lost: the newer local bytes rest on it.
      nodes.update(row.ino, { synced });
      return;
    }
    const here = row.parent === old.parent && row.name === old.name;
    // Perhaps the same bytes: the upload's own look at the server knows.
    if (here && row.staging !== null && row.size === entry.size && !activity.isUnflushed(row.ino)) return;
    if (!clean && bytesMoved) {
      makeConflict(row, 'content');
      addNew(entry, false);
      return;
    }
    // What is written next rests on what was opened: then it is an edit of a version that is no longer the newest.
    if (clean && bytesMoved && row.md5 !== entry.md5 && activity.isOpenForWriting(row.ino)) {
      activity.noteBehind(row.ino);
      return;
    }
    const timeMoved = clean && (bytesMoved || (row.mtime.sec === old.mtime && entry.mtime !== old.mtime));
    nodes.update(row.ino, {
      synced,
      ...(here ? { name: entry.name } : {}),
      ...(clean ? { md5: entry.md5, size: entry.size } : {}),
      ...(clean && bytesMoved && row.md5 !== entry.md5 && row.link !== null ? { link: 'new' } : {}),
      ...(timeMoved ? { mtime: { sec: entry.mtime, nsec: 0 }, ctimeMs: now } : {}),
    });
    if (bytesMoved || timeMoved || entry.name !== old.name) note(row.parent, row.name);
  };

  /** A file that is open goes on without a name until its last release, as after an unlink. */
  const drop = (row: NodeRow) => {
    for (const litter of nodes.getChildren(row.ino).filter(isLitter)) drop(litter);
    if (row.synced !== null && isNeeded(row.ino, row.synced)) noteFormerPlace(nodes, row.synced);
    if (!activity.isOpen(row.ino)) {
      if (row.localOnly && row.staging !== null) discarded.push(row.staging);
      nodes.remove(row.ino);
      return;
    }
    nodes.update(row.ino, { parent: null, synced: null, begun: null, failure: null });
  };

  const restore = (row: NodeRow, synced: Synced, entry: RemoteFile) => {
    drop(row);
    if (nodes.getChild(folder, entry.name) === undefined) insert(entry);
    else addNew({ ...entry, wire: synced.wire });
  };

  /** Open for writing and not written to, and the folders they are in: whether they are gone, a close tells. */
  const waiting = new Set<Ino>();

  /** `replaced`: something else has its name. */
  const vanish = (row: NodeRow, replaced = false): void => {
    for (const child of nodes.getSyncedChildren(row.ino)) vanish(child, replaced);
    const children = nodes.getChildren(row.ino);
    const isEdited = row.staging !== null || activity.isUnflushed(row.ino) || row.md5 !== row.synced?.md5;
    const isHeld = activity.isOpenForWriting(row.ino);
    const hasOwnWork =
      row.kind === 'file'
        ? isEdited || (isHeld && replaced) || hasMoved(row)
        : !children.every((child) => isLitter(child) || waiting.has(child.ino)) || hasMoved(row);
    const waits = isHeld || children.some((child) => waiting.has(child.ino));
    if (row.parent !== null && !hasOwnWork && waits) {
      waiting.add(row.ino);
      if (isHeld) activity.noteBehind(row.ino);
      if (row.synced !== null) noteFormerPlace(nodes, row.synced);
      return;
    }
    namesMoved = true;
    if (row.parent === null || !hasOwnWork) {
      note(row.parent, row.name, { went: row });
      drop(row);
      return;
    }
    note(row.parent, row.name);
    // Before the rows above it go: what was changed only in part still needs the rest.
    if (row.kind === 'file' && row.synced !== null) noteFormerPlace(nodes, row.synced);
    // What was refused was another change.
    nodes.update(row.ino, { synced: null, begun: null, failure: null });
  };

  nodes.transaction(() => {
    const home = nodes.get(folder);
    if (home === undefined) return;
    let held = nodes.getSyncedChildren(folder);
    const entries = nameEntries(given, held);
    if (home.parent === null && home.synced !== null && holdsNews({ nodes, activity }, folder, entries, since)) {
      folder = revive(nodes, home, (occupant) => makeConflict(occupant, 'name'));
      noteAbove(folder);
      held = nodes.getSyncedChildren(folder);
    }
    const known = new Map(held.map((row) => [nameKey(row.synced?.name ?? ''), row]));
    const isEndOfBegun = findEndsOfBegun(nodes, folder, held);
    const isOurs = (name: string) => activity.isTouched(folder, name, since) || isEndOfBegun(name);
    const seen = new Set<string>();
    for (const entry of entries) {
      const key = nameKey(entry.name);
      if (seen.has(key)) continue;
      seen.add(key);
      if (isOurs(entry.name)) continue;
      const row = known.get(key);
      const synced = row?.synced;
      if (row === undefined || synced === null || synced === undefined) addNew(entry);
      else if ((row.kind === 'file') !== (entry.kind === 'file')) {
        vanish(row, true);
        addNew(entry);
      } else if (entry.kind === 'file') follow(row, synced, entry);
      else if (entry.wire !== synced.wire) {
        nodes.update(row.ino, {
          synced: toSynced(folder, entry),
          ...(row.parent === folder && row.name === synced.name ? { name: entry.name } : {}),
        });
        note(row.parent, row.name);
      }
    }
    for (const [key, row] of known) {
      const unconfirmed = row.kind === 'file' && row.synced?.md5 === null;
      if (seen.has(key) || unconfirmed || isOurs(row.synced?.name ?? '')) continue;
      vanish(row);
    }
    settleLinks(nodes, folder, (row) => note(row.parent, row.name));
    // Entries that came, went or were renamed since the last listing: the folder has a new time, as everywhere.
    const moved = home.listedAt !== null && namesMoved;
    nodes.update(folder, { listedAt: now, ...(moved ? { mtime: timestampOfMs(now), ctimeMs: now } : {}) });
  });
  return { changes, conflicts, discarded };
}

function hasMoved({ parent, name, synced }: NodeRow): boolean {
  return parent !== synced?.parent || name !== synced?.name;
}

export function toSynced(parent: Ino, entry: RemoteEntry): Synced {
  const file = entry.kind === 'file' ? entry : undefined;
  return {
    parent,
    name: entry.name,
    wire: entry.wire,
    md5: file?.md5 ?? null,
    size: file?.size ?? 0,
    mtime: file?.mtime ?? 0,
    revision: file?.revision ?? null,
    uuid: file?.uuid ?? null,
  };
}
