/**
 * The shortest list found for which `fails` still answers true, by leaving out ever smaller pieces (delta debugging).
 * Returns what it has after `patienceMs`.
 */
export async function shrink<Item>(
  items: readonly Item[],
  fails: (items: readonly Item[]) => Promise<boolean>,
  patienceMs: number,
): Promise<readonly Item[]> {
  const end = performance.now() + patienceMs;
  let current = items;
  let piece = Math.ceil(items.length / 2);
  while (piece >= 1 && performance.now() < end) {
    const before = current.length;
    for (let start = 0; start < current.length && performance.now() < end; ) {
      const shorter = [...current.slice(0, start), ...current.slice(start + piece)];
      if (await fails(shorter)) current = shorter;
      else start += piece;
    }
    // Single ones are tried until all that is left is needed.
    if (piece > 1) piece = Math.ceil(piece / 2);
    else if (current.length === before) break;
  }
  return current;
}
