import type { Ino } from '../../store/nodeRow.ts';
import type { DirEntry, Vfs } from '../../vfs/vfs.ts';
import { nfsLimits } from './limits.ts';

/** A name in a folder. `cookie` is where a listing goes on after it. */
export interface ListedEntry {
  readonly name: string;
  readonly ino: Ino;
  readonly cookie: number;
}

export interface ListedPart {
  readonly entries: readonly ListedEntry[];
  /** There is nothing after these. */
  readonly isEnd: boolean;
}

/** Cookies of "." and ".."; 0 begins a listing. */
const selfCookie = 1;
const parentCookie = 2;

/**
 * Listings in parts. A cookie is made of the node's number, and entries come in the order of their numbers: a listing goes
 * on rightly after names were added or removed, also after a restart, without a snapshot that would have to be kept.
 */
export class Listings {
  readonly #vfs: Vfs;
  /** Entries by folder as last read, for the calls that go on; the oldest goes first. */
  readonly #read = new Map<Ino, readonly DirEntry[]>();

  constructor(vfs: Vfs) {
    this.#vfs = vfs;
  }

  /** At most `most` entries after `cookie`. May wait for the network where the folder was never listed. */
  async list(folder: Ino, parent: Ino, cookie: number, most: number): Promise<ListedPart> {
    const known = cookie === 0 ? undefined : this.#read.get(folder);
    const entries = known ?? (await this.#readFolder(folder));
    const from = findAfter(entries, cookie - parentCookie);
    const head = [
      { name: '.', ino: folder, cookie: selfCookie },
      { name: '..', ino: parent, cookie: parentCookie },
    ].filter((entry) => entry.cookie > cookie);
    const rest = entries
      .slice(from, from + most)
      .map(({ name, row }) => ({ name, ino: row.ino, cookie: row.ino + parentCookie }));
    return { entries: [...head, ...rest], isEnd: from + most >= entries.length };
  }

  /** Something in the folder changed. */
  forget(folder: Ino): void {
    this.#read.delete(folder);
  }

  async #readFolder(folder: Ino): Promise<readonly DirEntry[]> {
    const entries = [...(await this.#vfs.readdir(folder))].sort((a, b) => a.row.ino - b.row.ino);
    this.#read.delete(folder);
    this.#read.set(folder, entries);
    const [oldest] = this.#read.keys();
    if (this.#read.size > nfsLimits.listings && oldest !== undefined) this.#read.delete(oldest);
    return entries;
  }
}

/** Index of the first entry whose node has a number above `ino`, by halving. */
function findAfter(entries: readonly DirEntry[], ino: Ino): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((entries[middle] as DirEntry).row.ino <= ino) low = middle + 1;
    else high = middle;
  }
  return low;
}
