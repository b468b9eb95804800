/** A half-open byte range `[start, end)`. */
export interface Extent {
  readonly start: number;
  readonly end: number;
}

/** Sorted, disjoint, non-touching extents. All functions return new arrays. */
export type Extents = readonly Extent[];

/** Index of the first extent that ends at or after `position`; their number when there is none. */
function findIndex(extents: Extents, position: number): number {
  let low = 0;
  let high = extents.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((extents[middle] as Extent).end < position) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** `extents` with `[start, end)` added. */
export function addExtent(extents: Extents, start: number, end: number): Extents {
  if (end <= start) return extents;
  const first = findIndex(extents, start);
  let last = first;
  while (last < extents.length && (extents[last] as Extent).start <= end) last += 1;
  const merged = {
    start: Math.min(start, first < last ? (extents[first] as Extent).start : start),
    end: Math.max(end, first < last ? (extents[last - 1] as Extent).end : end),
  };
  return extents.toSpliced(first, last - first, merged);
}

/** `extents` with everything at or beyond `size` removed. */
export function clipExtents(extents: Extents, size: number): Extents {
  return extents
    .filter((extent) => extent.start < size)
    .map((extent) => (extent.end > size ? { start: extent.start, end: size } : extent));
}

/** The parts of `[start, end)` that `extents` do not cover, in order. */
export function missingExtents(extents: Extents, start: number, end: number): Extents {
  const missing: Extent[] = [];
  let at = start;
  for (let index = findIndex(extents, start); index < extents.length; index += 1) {
    const extent = extents[index] as Extent;
    if (extent.end <= at) continue;
    if (extent.start >= end) break;
    if (extent.start > at) missing.push({ start: at, end: extent.start });
    at = extent.end;
  }
  if (at < end) missing.push({ start: at, end });
  return missing;
}

/** First position at or after `position` that is covered; undefined when none is. */
export function findCovered(extents: Extents, position: number): number | undefined {
  const next = extents[findIndex(extents, position + 1)];
  return next === undefined ? undefined : Math.max(position, next.start);
}

/** First position at or after `position` that is not covered. */
export function findGap(extents: Extents, position: number): number {
  const next = extents[findIndex(extents, position + 1)];
  return next !== undefined && next.start <= position ? next.end : position;
}

/** Boundary check for extents read from disk; rejects anything unsorted or overlapping. */
export function parseExtents(text: string): Extents {
  const flat: unknown = JSON.parse(text);
  if (!Array.isArray(flat) || flat.length % 2 !== 0) throw new Error('extents: not a list of pairs');
  const extents: Extent[] = [];
  let floor = -1;
  for (let i = 0; i < flat.length; i += 2) {
    const [start, end] = [flat[i], flat[i + 1]];
    if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start <= floor || end <= start) {
      throw new Error('extents: out of order');
    }
    extents.push({ start, end });
    floor = end;
  }
  return extents;
}

export function formatExtents(extents: Extents): string {
  return JSON.stringify(extents.flatMap((extent) => [extent.start, extent.end]));
}
