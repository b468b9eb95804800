import { md5 } from '../support/md5.ts';
import type { Change } from './content.ts';
import type { Acknowledged } from './powerCut.ts';

/** A file the worker holds open. */
export interface Handle {
  /** The worker's number for it. */
  readonly id: number;
  readonly epoch: number;
  readonly writing: boolean;
}

/** What a file must hold. */
export interface FileState {
  /** The last flush that was acknowledged, which may not be lost, after those that a cut of the power may leave instead. Never empty. */
  acknowledged: readonly Acknowledged[];
  /** Contents that someone else gave it this round: what was not acknowledged may rest on these. */
  readonly foreign: Buffer[];
  /** What a reader sees now. */
  view: Buffer;
  /** Changes since the last acknowledged flush, in order. */
  changes: Change[];
  /** The drive's life in which the newest of them was asked for. */
  changedIn: number;
  /** An operation failed or the process died: what the file holds must be looked at. */
  uncertain: boolean;
  /** What it may have held before it was certain again: a revision may be of that. The last few. */
  doubted: readonly Doubt[];
  handles: Handle[];
  /** Set by utimens and not touched since: seconds. */
  mtimeSec: number | undefined;
}

/** Changes that were never acknowledged, and the contents they may rest on. */
interface Doubt {
  readonly stable: readonly Buffer[];
  readonly changes: readonly Change[];
}

/** Keeps lanes from asking what two orders of events would answer differently; see `locks.ts`. */
export interface Locks {
  /** Someone works on the bytes. */
  bytes: boolean;
  /** Someone changes the path. */
  path: boolean;
  /** How many rely on the path, of this entry or one below. */
  pathUsers: number;
}

/** A file or folder as the operations so far have made it. Its identity outlives renames. */
export interface Entry {
  readonly id: number;
  /** undefined for the root and for what was removed. */
  parent: Entry | undefined;
  name: string;
  removed: boolean;
  /** When its name or its time was last changed here. */
  changedAt: number;
  /** Every path it had this round. */
  readonly places: Set<string>;
  /** Someone else changed it on the server this round: only the loss of bytes is checked. */
  contested: boolean;
  readonly file: FileState | undefined;
  readonly locks: Locks;
}

/**
 * What must be true: the tree and bytes as acknowledged operations made them. Paths are relative to the mountpoint
 * `/Jotta/Archive`, without a slash at the front; the root is the empty path.
 */
export class Model {
  readonly root: Entry = newEntry(0, undefined, '', undefined);
  /** Every content that someone may have written, by md5. */
  readonly known = new Map<string, string>();
  /** Unfinished uploads at paths that were contested, by uuid; over rounds. */
  readonly leftBehind = new Set<string>();
  readonly #contested = new Set<string>();
  #entries: Entry[] = [];
  #nextId = 1;

  getLive(): Entry[] {
    return this.#entries.filter((entry) => !entry.removed);
  }

  /** Removed ones too, as long as the round lasts. */
  getAll(): readonly Entry[] {
    return this.#entries;
  }

  getChildren(folder: Entry): Entry[] {
    return this.#entries.filter((entry) => entry.parent === folder && !entry.removed);
  }

  getPath(entry: Entry): string {
    if (entry.parent === undefined) return entry.name;
    const above = this.getPath(entry.parent);
    return above === '' ? entry.name : `${above}/${entry.name}`;
  }

  getBelow(folder: Entry): Entry[] {
    return this.getChildren(folder).flatMap((child) => [child, ...this.getBelow(child)]);
  }

  find(path: string): Entry | undefined {
    return this.#entries.find((entry) => !entry.removed && this.getPath(entry) === path);
  }

  add(parent: Entry, name: string, content: Buffer | undefined): Entry {
    const entry = newEntry(this.#nextId, parent, name, content);
    this.#nextId += 1;
    this.#entries.push(entry);
    this.#place(entry);
    if (content !== undefined) this.note(content, `created ${this.getPath(entry)}`);
    entry.changedAt = performance.now();
    return entry;
  }

  move(entry: Entry, parent: Entry, name: string): void {
    const from = this.getPath(entry);
    entry.changedAt = performance.now();
    entry.parent = parent;
    entry.name = name;
    const to = this.getPath(entry);
    // What someone else did below a folder travels with it, or meets what is there already.
    if ([...this.#contested].some((path) => isWithin(path, from) || isWithin(path, to))) {
      this.contest(from);
      this.contest(to);
    }
    this.#place(entry);
    // What went from there before, too: the server may still have it, and moves it along.
    for (const other of this.#entries) {
      const left = [...other.places].filter((place) => place !== from && isWithin(place, from));
      if (other !== entry) for (const place of left) this.#place(other, to + place.slice(from.length));
    }
  }

  remove(entry: Entry): void {
    const path = this.getPath(entry);
    if ([...this.#contested].some((contested) => isWithin(contested, path))) this.contest(path);
    for (const gone of [entry, ...this.getBelow(entry)])
      Object.assign(gone, { removed: true, changedAt: performance.now() });
  }

  /** Someone else changes what is at `path` on the server, or what is below it; `content` is what he puts there. */
  contest(path: string, content?: Buffer): void {
    this.#contested.add(path);
    for (const entry of this.#entries) {
      // The server may still have a folder where it was: what comes into it there, shows where it is here.
      for (const place of entry.places) {
        if (place !== path && isWithin(path, place))
          this.#contested.add(this.getPath(entry) + path.slice(place.length));
      }
      if (![...entry.places].some((place) => isWithin(place, path))) continue;
      entry.contested = true;
      if (content !== undefined) entry.file?.foreign.push(content);
      if (!entry.removed) this.#contested.add(this.getPath(entry));
      this.#contestPlaces(entry);
    }
  }

  /**
   * A move of `entry` whose answer was lost is asked for once more (SEMANTICS.md): what someone else made of it can show at
   * every place it had this round, and meets what is there now.
   */
  #contestPlaces(entry: Entry): void {
    for (const place of entry.places) {
      this.#contested.add(place);
      for (const other of this.#entries) {
        if (other.places.has(place)) other.contested = true;
        if (other.places.has(place) && !other.removed) this.#contested.add(this.getPath(other));
      }
    }
  }

  isContested(path: string): boolean {
    for (let at = path; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/')))) {
      if (this.#contested.has(at)) return true;
      if (at === '') return false;
    }
  }

  /** Contested itself, or with something contested below. */
  isDisputed(path: string): boolean {
    return this.isContested(path) || [...this.#contested].some((contested) => isWithin(contested, path));
  }

  /** Was anything ever at `path` this round? */
  wasPlace(path: string): boolean {
    return this.#entries.some((entry) => entry.places.has(path));
  }

  note(content: Buffer, who: string): void {
    const digest = md5(content);
    if (!this.known.has(digest)) this.known.set(digest, who);
  }

  /** The round is over and everyone agrees: all is as the server has it. */
  restart(folders: readonly string[], files: ReadonlyMap<string, Buffer>): void {
    const learned = new Set([...folders, ...files.keys()].filter((path) => this.isContested(path)));
    this.#contested.clear();
    this.#entries = [];
    const all = [...folders.map((path) => [path, undefined] as const), ...files];
    for (const [path, content] of all.toSorted(([a], [b]) => (a < b ? -1 : 1))) {
      const cut = path.lastIndexOf('/');
      const parent = cut < 0 ? this.root : this.find(path.slice(0, cut));
      if (parent === undefined) throw new Error(`no folder for ${path}`);
      // It has long been here; what others did the drive has just learned, and a cut of the power takes that back too.
      const at = Number.NEGATIVE_INFINITY;
      const entry = this.add(parent, path.slice(cut + 1), content);
      entry.changedAt = learned.has(path) ? performance.now() : at;
      if (entry.file !== undefined)
        entry.file.acknowledged = [{ contents: [entry.file.view], at, changes: [], torn: [] }];
    }
  }

  #place(entry: Entry, path = this.getPath(entry)): void {
    entry.places.add(path);
    if (entry.contested) this.#contested.add(path);
    else if (this.isContested(path)) this.contest(path);
  }
}

function newEntry(id: number, parent: Entry | undefined, name: string, content: Buffer | undefined): Entry {
  const file = content === undefined ? undefined : newFile(content);
  return {
    id,
    parent,
    name,
    removed: false,
    changedAt: Number.NEGATIVE_INFINITY,
    places: new Set(),
    contested: false,
    file,
    locks: { bytes: false, path: false, pathUsers: 0 },
  };
}

function newFile(content: Buffer): FileState {
  const newest = { view: content, changes: [], changedIn: 0, uncertain: false };
  const acknowledged = [
    { contents: [Buffer.alloc(0)], at: Number.NEGATIVE_INFINITY, changes: [], torn: [] },
    { contents: [content], at: performance.now(), changes: [], torn: [] },
  ];
  return {
    acknowledged,
    foreign: [],
    doubted: [],
    ...newest,
    handles: [],
    mtimeSec: undefined,
  };
}

export function join(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}

/** Is `path` the same as `folder` or below it? */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || folder === '' || path.startsWith(`${folder}/`);
}

const copySuffix = /^(.*) \(conflicted copy [^)]*\)(\.[^.]*)?$/;

/** What a conflicted copy, or what is in one, may have been made of, and what that was made of in turn; empty for any other path. */
export function getOriginals(path: string): string[] {
  const names = path.split('/');
  const found = new Set<string>();
  // The deepest first: a folder that is a copy of old is where what is in it was made.
  for (let depth = names.length - 1; depth >= 0; depth -= 1) {
    const name = names[depth] ?? '';
    const original = name.replace(copySuffix, (_all, stem: string, extension = '') => stem + extension);
    if (original === name) continue;
    const above = names.with(depth, original).join('/');
    for (const each of [above, ...getOriginals(above)]) found.add(each);
  }
  return [...found];
}
