import { nameKey } from '../../base/nameKey.ts';
import type { NodeRow } from '../../store/nodeRow.ts';

/** What a listing holds that cannot be used, beside the rows that were known of its folder. */
export class Unusable {
  /** How many of it no row stands for. */
  readonly unseen: number;
  readonly #keys: ReadonlySet<string>;

  /** `names`: as the wire spells them, empty where they are not told. */
  constructor(names: readonly string[], known: readonly NodeRow[]) {
    this.#keys = new Set(names.map(nameKey));
    const held = names.length === 0 ? new Set() : new Set(known.map(getKey));
    this.unseen = names.filter((name) => !held.has(nameKey(name))).length;
  }

  /** Could this row be one of them? One without a name may be any. */
  mayBe(row: NodeRow): boolean {
    return this.#keys.has('') || this.#keys.has(getKey(row));
  }
}

function getKey({ synced }: NodeRow): string {
  return nameKey(synced?.wire ?? '');
}
