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
  for (let piece = Math.ceil(items.length / 2); piece >= 1; piece = piece === 1 ? 0 : Math.ceil(piece / 2)) {
    for (let start = 0; start < current.length && performance.now() < end; ) {
      const shorter = [...current.slice(0, start), ...current.slice(start + piece)];
      if (await fails(shorter)) current = shorter;
      else start += piece;
    }
  }
  return current;
}
