import { nameKey } from '../../base/nameKey.ts';
import { type Ino, type NodeRow, type Synced, timestampOfMs } from '../../store/nodeRow.ts';
import type { Nodes } from '../../store/nodes.ts';
import type { Activity } from '../tree/activity.ts';
import { type ConflictNames, setAside } from '../tree/conflicts.ts';
import { getFirstLinkState, settleLinks } from '../tree/links.ts';
import { defaultFileMode, defaultFolderMode } from '../tree/modes.ts';
import { findEndsOfBegun, noteFormerPlace } from '../tree/paths.ts';
import type { Remote, RemoteEntry, RemoteFile, RemoteListing } from '../tree/remote.ts';
import { nameEntries } from '../tree/standIns.ts';
import type { MergeResult, TreeChange } from './mergeResult.ts';
import { decideFile, decideNew, decideVanished, type FileDecision } from './reconcile.ts';
import { holdsNews, revive } from './revive.ts';
import { toSynced } from './synced.ts';
import { Unusable } from './unusable.ts';

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
 * for: names that our own pushes touched after that, or may still have touched, are left alone. So is what was known and comes
 * back as unusable: nobody can tell what became of it. One transaction; idempotent.
 * What is to happen is decided in reconcile.ts.
 */
export function mergeListing(
  deps: MergeDeps,
  folder: Ino,
  listing: RemoteListing,
  since: number,
  now: number,
): MergeResult {
  const merge = new Merge(deps, folder, now);
  deps.nodes.transaction(() => merge.run(listing, since));
  return merge;
}

class Merge implements MergeResult {
  readonly changes: TreeChange[] = [];
  readonly conflicts: { original: TreeChange; copy: TreeChange }[] = [];
  readonly discarded: string[] = [];
  readonly #deps: MergeDeps;
  readonly #now: number;
  /** False at the first listing of the folder: nobody has seen its names before. */
  readonly #isSeen: boolean;
  /** Rows that a close decides about, and the folders they are in. */
  readonly #waiting = new Set<Ino>();
  /** Under which the entries belong: another row's once the listed folder had to be revived. */
  #folder: Ino;
  #namesMoved = false;

  constructor(deps: MergeDeps, folder: Ino, now: number) {
    this.#deps = deps;
    this.#folder = folder;
    this.#now = now;
    this.#isSeen = deps.nodes.get(folder)?.listedAt !== null;
  }

  run(listing: RemoteListing, since: number): void {
    const { nodes, activity } = this.#deps;
    const home = nodes.get(this.#folder);
    if (home === undefined) return;
    const before = nodes.getSyncedChildren(this.#folder);
    const unusable = new Unusable(listing.unusable, before);
    // By the names shown here.
    const entries = nameEntries(listing.entries, before);
    const isRevived = home.parent === null && home.synced !== null && this.#holdsNews(home, entries, unusable, since);
    if (isRevived) this.#revive(home);
    const held = isRevived ? nodes.getSyncedChildren(this.#folder) : before;
    const known = new Map(held.map((row) => [nameKey(row.synced?.name ?? ''), row]));
    const isEndOfBegun = findEndsOfBegun(nodes, this.#folder, held);
    const isOurs = (name: string) => activity.isTouched(this.#folder, name, since) || isEndOfBegun(name);
    const seen = new Set<string>();
    for (const entry of entries) {
      const key = nameKey(entry.name);
      if (seen.has(key)) continue;
      seen.add(key);
      if (!isOurs(entry.name)) this.#merge(entry, known.get(key));
    }
    for (const [key, row] of known) {
      const isUnsure = (row.kind === 'file' && row.synced?.md5 === null) || unusable.mayBe(row);
      if (!seen.has(key) && !isUnsure && !isOurs(row.synced?.name ?? '')) this.#vanish(row);
    }
    settleLinks(nodes, this.#folder, (row) => this.#note(row.parent, row.name));
    // Entries that came, went or were renamed since the last listing: the folder has a new time, as everywhere.
    const moved = home.listedAt !== null && this.#namesMoved;
    const times = moved ? { mtime: timestampOfMs(this.#now), ctimeMs: this.#now } : {};
    nodes.update(this.#folder, { listedAt: this.#now, unusable: unusable.unseen, ...times });
  }

  #holdsNews({ ino }: NodeRow, entries: readonly RemoteEntry[], { unseen }: Unusable, since: number): boolean {
    return unseen > 0 || holdsNews(this.#deps, ino, entries, since);
  }

  /** A folder that was removed here and holds something new comes back first. */
  #revive(home: NodeRow): void {
    const { nodes } = this.#deps;
    this.#folder = revive(nodes, home, (occupant) => this.#makeConflict(occupant, 'name'));
    for (let at = nodes.get(this.#folder); at !== undefined && at.parent !== null; at = nodes.get(at.parent)) {
      this.#note(at.parent, at.name);
    }
  }

  #merge(entry: RemoteEntry, row: NodeRow | undefined): void {
    const synced = row?.synced;
    if (row === undefined || synced === null || synced === undefined) this.#addNew(entry);
    else if ((row.kind === 'file') !== (entry.kind === 'file')) {
      this.#vanish(row, true);
      this.#addNew(entry);
    } else if (entry.kind === 'file') this.#followFile(row, synced, entry);
    else if (entry.wire !== synced.wire) this.#followFolder(row, synced, entry);
  }

  #followFolder(row: NodeRow, old: Synced, entry: RemoteEntry): void {
    const isInPlace = row.parent === this.#folder && row.name === old.name;
    this.#deps.nodes.update(row.ino, {
      synced: toSynced(this.#folder, entry),
      ...(isInPlace ? { name: entry.name } : {}),
    });
    this.#note(row.parent, row.name);
  }

  #addNew(entry: RemoteEntry, came = this.#isSeen): void {
    const { nodes, activity } = this.#deps;
    const row = nodes.getChild(this.#folder, entry.name);
    const occupant = row && {
      isFile: row.kind === 'file',
      md5: row.md5,
      isLocalOnly: row.localOnly,
      isOnServer: row.synced !== null,
      isWritten: row.staging !== null || activity.isUnflushed(row.ino),
    };
    const isFile = entry.kind === 'file';
    const decision = decideNew({ entry: { isFile, md5: isFile ? entry.md5 : null }, occupant });
    if (row === undefined || decision === 'insert') this.#insert(entry, came);
    else if (decision === 'join') {
      nodes.update(row.ino, { synced: toSynced(this.#folder, entry), name: entry.name, failure: null });
    } else if (decision === 'conflict') {
      this.#makeConflict(row, 'name');
      this.#insert(entry, false);
    }
  }

  #insert(entry: RemoteEntry, came: boolean): void {
    this.#namesMoved = true;
    this.#note(this.#folder, entry.name, { came });
    const file = entry.kind === 'file' ? entry : undefined;
    this.#deps.nodes.insert({
      kind: entry.kind,
      parent: this.#folder,
      name: entry.name,
      size: file?.size ?? 0,
      mtime: { sec: file?.mtime ?? Math.floor(this.#now / 1000), nsec: 0 },
      ctimeMs: file === undefined ? this.#now : file.mtime * 1000,
      mode: file === undefined ? defaultFolderMode : defaultFileMode,
      md5: file?.md5 ?? null,
      localOnly: false,
      link: getFirstLinkState(entry.kind, entry.name),
      synced: toSynced(this.#folder, entry),
    });
  }

  #followFile(row: NodeRow, old: Synced, listed: RemoteFile): void {
    const { nodes, activity, remote } = this.#deps;
    // The server cannot say every time: one that it was sent is agreed on when it says what it kept of it.
    // 0: the server does not tell.
    const isSameTime = listed.mtime === remote.toKeptTime(old.mtime) || (listed.mtime === 0 && listed.md5 === old.md5);
    const entry = isSameTime ? { ...listed, mtime: old.mtime } : listed;
    if (entry.md5 !== old.md5 && this.#isNeeded(row.ino, old)) noteFormerPlace(nodes, old);
    const decision = decideFile({
      old,
      listed: entry,
      local: { md5: row.md5, size: row.size, seconds: row.mtime.sec },
      isRemoved: row.parent === null,
      isInPlace: row.parent === old.parent && row.name === old.name,
      isStaged: row.staging !== null,
      isUnflushed: activity.isUnflushed(row.ino),
      isOpenForWriting: activity.isOpenForWriting(row.ino),
      // Asked of the database, and rarely of interest.
      get isOwnUpload() {
        return nodes.facts.wasSent(row.ino, entry.md5);
      },
    });
    this.#doToFile(decision, row, entry);
  }

  #doToFile(decision: FileDecision, row: NodeRow, entry: RemoteFile): void {
    const { nodes, activity } = this.#deps;
    const synced = toSynced(this.#folder, entry);
    switch (decision.do) {
      case 'leave':
        break;
      case 'noteServerSide':
        nodes.update(row.ino, { synced });
        break;
      case 'restore':
        this.#drop(row);
        this.#addNew(entry);
        break;
      case 'conflict':
        this.#makeConflict(row, 'content');
        this.#addNew(entry, false);
        break;
      case 'defer':
        activity.deferRefresh(row.ino);
        break;
      case 'follow':
        nodes.update(row.ino, {
          synced,
          ...(decision.takesName ? { name: entry.name } : {}),
          ...(decision.takesContent ? { md5: entry.md5, size: entry.size } : {}),
          ...(decision.isNewContent && row.link !== null ? { link: 'new' } : {}),
          ...(decision.takesTime ? { mtime: { sec: entry.mtime, nsec: 0 }, ctimeMs: this.#now } : {}),
        });
        if (decision.isVisible) this.#note(row.parent, row.name);
    }
  }

  /** `isReplaced`: something else has its name. */
  #vanish(row: NodeRow, isReplaced = false): void {
    const { nodes, activity, isLitter } = this.#deps;
    for (const child of nodes.getSyncedChildren(row.ino)) this.#vanish(child, isReplaced);
    const children = nodes.getChildren(row.ino);
    const isOpenForWriting = activity.isOpenForWriting(row.ino);
    const decision = decideVanished({
      isFile: row.kind === 'file',
      isRemoved: row.parent === null,
      hasMoved: row.parent !== row.synced?.parent || row.name !== row.synced?.name,
      isEdited: row.staging !== null || activity.isUnflushed(row.ino) || row.md5 !== row.synced?.md5,
      ...{ isOpenForWriting, isReplaced },
      hasOtherChildren: !children.every((child) => isLitter(child) || this.#waiting.has(child.ino)),
      hasWaitingChildren: children.some((child) => this.#waiting.has(child.ino)),
    });
    if (decision === 'wait') {
      this.#waiting.add(row.ino);
      if (isOpenForWriting) activity.deferRefresh(row.ino);
      if (row.synced !== null) noteFormerPlace(nodes, row.synced);
      return;
    }
    this.#namesMoved = true;
    if (decision === 'drop') {
      this.#note(row.parent, row.name, { went: row });
      this.#drop(row);
      return;
    }
    this.#note(row.parent, row.name);
    // Before the rows above it go: what was changed only in part still needs the rest.
    if (row.kind === 'file' && row.synced !== null) noteFormerPlace(nodes, row.synced);
    // What was refused was another change.
    nodes.update(row.ino, { synced: null, pendingTarget: null, failure: null, unusable: 0 });
  }

  /** A file that is open goes on without a name until its last release, as after an unlink. */
  #drop(row: NodeRow): void {
    const { nodes, activity, isLitter } = this.#deps;
    for (const litter of nodes.getChildren(row.ino).filter(isLitter)) this.#drop(litter);
    if (row.synced !== null && this.#isNeeded(row.ino, row.synced)) noteFormerPlace(nodes, row.synced);
    if (!activity.isOpen(row.ino)) {
      if (row.localOnly && row.staging !== null) this.discarded.push(row.staging);
      nodes.remove(row.ino);
      return;
    }
    nodes.update(row.ino, { parent: null, synced: null, pendingTarget: null, failure: null });
  }

  #makeConflict(row: NodeRow, clash: 'content' | 'name'): void {
    const { nodes, activity, names } = this.#deps;
    const copy = setAside(nodes, row, clash, names());
    activity.noteChange(row.ino);
    this.#note(row.parent, row.name);
    this.#note(copy.parent, copy.name, { came: true });
    this.conflicts.push({
      original: { parent: this.#folder, name: row.name },
      copy: { parent: copy.parent as Ino, name: copy.name },
    });
  }

  /**
   * Who has it open reads on in the revision that was opened; an edit of another file may need the rest of its bytes, a copy
   * that is not sent yet all of them.
   */
  #isNeeded(ino: Ino, { md5 }: Synced): boolean {
    const { nodes, activity, isBase } = this.#deps;
    return activity.isOpen(ino) || (md5 !== null && (isBase(md5) || nodes.isWanted(md5)));
  }

  #note(parent: Ino | null, name: string, how: Pick<TreeChange, 'came' | 'went'> = {}): void {
    if (parent !== null) this.changes.push({ parent, name, ...how });
  }
}
