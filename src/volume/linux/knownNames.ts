import { nameKey } from '../../base/nameKey.ts';
import type { Ino, Place } from '../../store/nodeRow.ts';
import { kernelLimits } from './limits.ts';
import type { NodeId, NodeIds } from './nodeIds.ts';
import type { Notices } from './notices.ts';

interface Missing {
  /** Spellings that were answered as missing. */
  readonly spellings: readonly string[];
  /** ms of `performance.now()` from which on the kernel believes none of them any more. */
  readonly until: number;
}

/**
 * What the kernel was told about names, and for how long it may believe it.
 *
 * The kernel keeps one entry for each spelling that somebody used, and knows nothing of their being one name. So only an
 * entry in the spelling that is shown is kept; another is asked for each time. That a name is missing is kept too, in any
 * spelling, and remembered here: when the name is made, the entries of its other spellings are wrong at that very moment. So
 * is the shown entry of what is removed or moved by another spelling. Both are rare, and corrected first (corrections.ts).
 */
export class KnownNames {
  readonly #ids: NodeIds;
  readonly #notices: Notices;
  /** Missing names by folder and key; the ones asked for last are at the end. */
  readonly #missing = new Map<string, Missing>();
  /** Folders of which any name was told. */
  readonly #folders = new Set<Ino>();

  constructor(ids: NodeIds, notices: Notices) {
    this.#ids = ids;
    this.#notices = notices;
  }

  noteTold(parent: Ino): void {
    this.#folders.add(parent);
  }

  /** Seconds for which the kernel may believe that there is no such name. */
  noteMissing(parent: Ino, name: string): number {
    const key = toKey(parent, name);
    const known = this.#missing.get(key);
    if (known === undefined && !this.#hasRoom()) return 0;
    this.#folders.add(parent);
    const spellings = known?.spellings.includes(name) ? known.spellings : [...(known?.spellings ?? []), name];
    this.#missing.delete(key);
    this.#missing.set(key, { spellings, until: performance.now() + 1_000 * (kernelLimits.keptSeconds + 1) });
    return kernelLimits.keptSeconds;
  }

  /** Entries that are to expire before `name` is made in the folder that the kernel calls `folder`: when one is of another spelling. */
  getWrongIfMade(folder: NodeId, name: string): Place[] {
    if (this.#missing.size === 0) return [];
    const parent = this.#ids.toIno(folder);
    const { spellings = [] } = this.#missing.get(toKey(parent, name)) ?? {};
    if (spellings.every((spelling) => this.#isSeen(folder, name, spelling))) return [];
    return spellings.map((spelling) => ({ parent, name: spelling }));
  }

  /** The same when the node shown as `shown` is removed, moved or replaced by the name `used`. */
  getWrongIfGone(folder: NodeId, used: string, shown: string): Place[] {
    const parent = this.#ids.toIno(folder);
    if (this.#isSeen(folder, used, shown) || !this.#folders.has(parent)) return [];
    return [{ parent, name: shown }];
  }

  /** The name is there now, or the kernel hears that it is to ask for it again. */
  forgetMissing(parent: Ino, name: string): void {
    if (this.#missing.size > 0) this.#missing.delete(toKey(parent, name));
  }

  /**
   * A change from elsewhere; `isFolder`: the name stands for a folder now. False when the kernel knows nothing of the folder it
   * is in.
   */
  noteChanged(parent: Ino, name: string, isFolder: boolean): boolean {
    if (!this.#folders.has(parent)) return false;
    const expires = isFolder && !this.#notices.canExpire;
    const key = toKey(parent, name);
    const spellings = this.#missing.get(key)?.spellings ?? [];
    this.#missing.delete(key);
    const changed = new Set([...(expires ? [] : [name]), ...spellings]);
    for (const spelling of changed) this.#notices.name(this.#ids.toId(parent), spelling);
    return true;
  }

  /** Does the kernel see by itself what a change of `used` means for `spelling`? Not when that is made in an alias of the folder. */
  #isSeen(folder: NodeId, used: string, spelling: string): boolean {
    return spelling === used && !this.#ids.isAlias(folder);
  }

  /** Is there room for one more? What the kernel believes no longer makes some. */
  #hasRoom(): boolean {
    if (this.#missing.size < kernelLimits.missingNames) return true;
    const now = performance.now();
    for (const [key, { until }] of this.#missing) {
      if (until > now) break;
      this.#missing.delete(key);
    }
    return this.#missing.size < kernelLimits.missingNames;
  }
}

const toKey = (parent: Ino, name: string) => `${parent}/${nameKey(name)}`;
