import type { Ino } from './nodeRow.ts';

/** The names of a folder: `nameKey` of each and the node that has it. */
export type Names = ReadonlyMap<string, Ino>;

/**
 * Which node has which name, of the folders used lately, so that a name is found without a query. A folder is here with all its
 * names or not at all; `most` names are kept in all, and those of the folder that was used last whatever their number.
 */
export class ChildIndex {
  readonly #most: number;
  /** Least recently used first. */
  readonly #folders = new Map<Ino, Map<string, Ino>>();
  #names = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get(folder: Ino): Names | undefined {
    const names = this.#folders.get(folder);
    if (names === undefined) return undefined;
    this.#folders.delete(folder);
    this.#folders.set(folder, names);
    return names;
  }

  fill(folder: Ino, children: Iterable<readonly [string, Ino]>): Names {
    const names = new Map(children);
    this.#folders.set(folder, names);
    this.#names += names.size;
    this.#shrink();
    return names;
  }

  add(folder: Ino | null, key: string, ino: Ino): void {
    const names = folder === null ? undefined : this.#folders.get(folder);
    if (names === undefined) return;
    if (!names.has(key)) this.#names += 1;
    names.set(key, ino);
    this.#shrink();
  }

  remove(folder: Ino | null, key: string): void {
    const names = folder === null ? undefined : this.#folders.get(folder);
    if (names?.delete(key) === true) this.#names -= 1;
  }

  clear(): void {
    this.#folders.clear();
    this.#names = 0;
  }

  #shrink(): void {
    for (const [folder, names] of this.#folders) {
      if (this.#names <= this.#most || this.#folders.size === 1) return;
      this.#folders.delete(folder);
      this.#names -= names.size;
    }
  }
}
