import type { Ino, Place } from '../../store/nodeRow.ts';

/** What the kernel calls a node. */
export type NodeId = number;

/** The kernel's name for the root of a volume. */
const rootId: NodeId = 1;
/** Above every inode number of the database, below what a number holds exactly. */
const firstAlias: NodeId = 2 ** 52;

interface Alias {
  readonly id: NodeId;
  readonly ino: Ino;
  readonly spelling: string;
  /** Times that the kernel was told of it and has not forgotten it. */
  count: number;
}

/**
 * Nodes as the kernel calls them. A node's id is its inode number, so that it stays over remounts and is the same whatever
 * spelling finds it; the volume's root is 1.
 *
 * A name in another spelling than the one that is shown stands for an *alias* first: an id of its own with the same inode
 * number. Programs see one file, and the kernel sees two, without which it would take the rename of `File` to `file` for
 * nothing to do. Whoever then opens or changes the file by that name is sent back to look it up again (ESTALE, which the
 * kernel does by itself), and finds the node: bytes, locks and maps are those of one file in every spelling. A folder that was
 * moved gets an alias under the name that is shown where the kernel cannot have it there yet (movedFolders.ts).
 */
export class NodeIds {
  readonly #root: Ino;
  readonly #aliases = new Map<NodeId, Alias>();
  readonly #bySpelling = new Map<string, Alias[]>();
  /** Folders that are shown in another spelling since the kernel was told of them, with the one that it knows. */
  readonly #former = new Map<Ino, string>();
  #next = firstAlias;

  constructor(root: Ino) {
    this.#root = root;
  }

  toIno(id: NodeId): Ino {
    if (id === rootId) return this.#root;
    return id < firstAlias ? id : (this.#aliases.get(id)?.ino ?? 0);
  }

  toId(ino: Ino): NodeId {
    return ino === this.#root ? rootId : ino;
  }

  isAlias(id: NodeId): boolean {
    return id >= firstAlias;
  }

  /** Undefined for an id that is no alias. */
  getSpelling(id: NodeId): string | undefined {
    return this.#aliases.get(id)?.spelling;
  }

  /** Does the kernel know any node by this name, which is not the one that is shown? */
  isSpelling(name: string): boolean {
    return this.#bySpelling.has(name);
  }

  /** The node as it is found by the name that is shown: from now on the kernel knows it by that. */
  tellShown(ino: Ino): NodeId {
    this.#former.delete(ino);
    return this.toId(ino);
  }

  /**
   * A folder was shown as `spelling` before it was renamed to another one elsewhere. That stands for the folder itself until the
   * kernel hears of the new one: programs may have it as their working directory, which would be lost with another node.
   */
  noteFormer(ino: Ino, spelling: string): void {
    if (!this.#former.has(ino)) this.#former.set(ino, spelling);
  }

  isFormer(ino: Ino, spelling: string): boolean {
    return this.#former.get(ino) === spelling;
  }

  /** The alias for a node under another spelling; counted as told to the kernel. */
  tellAlias(ino: Ino, spelling: string): NodeId {
    const known = this.#bySpelling.get(spelling)?.find((alias) => alias.ino === ino);
    if (known !== undefined) {
      known.count += 1;
      return known.id;
    }
    const alias = { id: this.#next, ino, spelling, count: 1 };
    this.#next += 1;
    this.#aliases.set(alias.id, alias);
    this.#bySpelling.set(spelling, [...(this.#bySpelling.get(spelling) ?? []), alias]);
    return alias.id;
  }

  /** The same for a folder that the kernel cannot have itself under the name that is shown (movedFolders.ts). */
  tellMoved(ino: Ino, { parent, name }: Place): NodeId {
    // No spelling of any name has a slash: nobody else tells of this one.
    return this.tellAlias(ino, `${parent}/${name}`);
  }

  /** The kernel has forgotten a node as often as it was told of it; of nodes that are no aliases nothing is kept. */
  forget(id: NodeId, count: number): void {
    const alias = this.#aliases.get(id);
    if (alias === undefined) return;
    alias.count -= count;
    if (alias.count > 0) return;
    this.#aliases.delete(id);
    const others = (this.#bySpelling.get(alias.spelling) ?? []).filter((other) => other !== alias);
    if (others.length > 0) this.#bySpelling.set(alias.spelling, others);
    else this.#bySpelling.delete(alias.spelling);
  }
}
