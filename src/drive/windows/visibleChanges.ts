import type { Clock } from '../../base/clock.ts';
import { createEmitter, type Emitter } from '../../base/events.ts';
import { Recent } from '../../base/recent.ts';
import type { Ino, NodeRow } from '../../store/nodeRow.ts';
import type { Nodes } from '../../store/nodes.ts';

export interface ShownChangesDeps {
  readonly nodes: Pick<Nodes, 'getHolders'>;
  readonly isLocal: (content: { md5: string; size: number }) => boolean;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onError: (error: unknown) => void;
}

/** Changes of this long are told together: a copied tree, a listing, a download of many blocks. ms. */
const gatherMs = 150;
/** Contents whose last told state is remembered; a forgotten one costs one needless notice. */
const remembered = 20_000;

/**
 * Gathers what a listing would show otherwise than before, whoever changed it, and tells the folders it concerns: rows that
 * changed, and contents that came to this computer or left it.
 */
export class VisibleChanges {
  readonly changed: Emitter<readonly Ino[]>;
  readonly #deps: ShownChangesDeps;
  readonly #local = new Recent<string, boolean>(remembered);
  #folders = new Set<Ino>();
  #contents = new Set<string>();
  #waiting = false;

  constructor(deps: ShownChangesDeps) {
    this.#deps = deps;
    this.changed = createEmitter(deps.onError);
  }

  noteRow({ ino, kind, parent }: NodeRow): void {
    if (kind !== 'file') this.#folders.add(ino);
    if (parent !== null) this.#folders.add(parent);
    this.#tellSoon();
  }

  noteContent(md5: string): void {
    this.#contents.add(md5);
    this.#tellSoon();
  }

  #tellSoon(): void {
    const { clock, signal, onError } = this.#deps;
    if (this.#waiting || signal.aborted) return;
    this.#waiting = true;
    const tellLater = async () => {
      await clock.sleep(gatherMs, signal);
      this.#tell();
    };
    tellLater().catch((error) => {
      if (!signal.aborted) onError(error);
    });
  }

  #tell(): void {
    this.#waiting = false;
    const folders = this.#folders;
    this.#folders = new Set();
    for (const md5 of this.#contents) this.#addHolders(md5, folders);
    this.#contents = new Set();
    if (folders.size > 0) this.changed.emit([...folders]);
  }

  #addHolders(md5: string, folders: Set<Ino>): void {
    const holders = this.#deps.nodes.getHolders(md5).filter((row) => row.md5 === md5);
    const [first] = holders;
    if (first === undefined) return;
    const local = this.#deps.isLocal({ md5, size: first.size });
    if (this.#local.get(md5) === local) return;
    this.#local.set(md5, local);
    for (const { parent } of holders) if (parent !== null) folders.add(parent);
  }
}
