import { nameKey } from '../../base/nameKey.ts';
import type { Ino } from '../../store/nodeRow.ts';
import { kernelLimits } from './limits.ts';
import type { NodeIds } from './nodeIds.ts';
import type { Notices } from './notices.ts';

/**
 * What the kernel was told about names, and for how long it may believe it.
 *
 * The kernel keeps one entry for each spelling that somebody used, and knows nothing of their being one name. So only an
 * entry in the spelling that is shown is kept; another is asked for each time. That a name is missing is kept too, in any
 * spelling, and remembered here: when the name is made, the entries of its other spellings are wrong at that very moment. So
 * is the shown entry of what is removed or moved by another spelling. Both are rare, and then the kernel is made to ask for
 * all names again, before it hears of the change: the one notice that waits for no lock. A kernel that has no such notice is
 * not told to keep missing names, and hears of the other case a moment later.
 */
export class KnownNames {
  readonly #ids: NodeIds;
  readonly #notices: Notices;
  /** Spellings that were answered as missing, by folder and key. */
  readonly #missing = new Map<string, Set<string>>();
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
    if (!this.#notices.hasEpochs) return 0;
    if (this.#missing.size >= kernelLimits.missingNames) this.#askAgain();
    this.#folders.add(parent);
    const key = toKey(parent, name);
    const spellings = this.#missing.get(key);
    if (spellings === undefined) this.#missing.set(key, new Set([name]));
    else spellings.add(name);
    return kernelLimits.keptSeconds;
  }

  /** Before the answer to what made this name. */
  noteMade(parent: Ino, name: string): void {
    if (this.#missing.size === 0) return;
    const key = toKey(parent, name);
    const spellings = this.#missing.get(key);
    if (spellings === undefined) return;
    this.#missing.delete(key);
    spellings.delete(name);
    if (spellings.size > 0) this.#askAgain();
  }

  /** Before the answer to what removed, moved or replaced the node shown as `shown`, by the name `used`. */
  noteGone(parent: Ino, used: string, shown: string): void {
    if (used === shown) return;
    if (this.#notices.hasEpochs) this.#askAgain();
    else this.noteChanged(parent, shown);
  }

  /** A change from elsewhere. False when the kernel knows nothing of this folder. */
  noteChanged(parent: Ino, name: string): boolean {
    if (!this.#folders.has(parent)) return false;
    const key = toKey(parent, name);
    const spellings = this.#missing.get(key) ?? new Set();
    this.#missing.delete(key);
    for (const spelling of spellings.add(name)) this.#notices.name(this.#ids.toId(parent), spelling);
    return true;
  }

  #askAgain(): void {
    this.#missing.clear();
    this.#notices.allNames();
  }
}

const toKey = (parent: Ino, name: string) => `${parent}/${nameKey(name)}`;
