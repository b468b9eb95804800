/** Longest wait after `failures` (≥ 1) in a row: `first`, doubled with each, at most `last`. ms. The caller adds the jitter. */
export function doubledWait(failures: number, first: number, last: number): number {
  return Math.min(last, first * 2 ** Math.min(failures - 1, 30));
}
