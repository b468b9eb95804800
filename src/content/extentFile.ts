import { type Extents, missingExtents } from '../base/extents.ts';
import type { LocalFile } from '../base/localFile.ts';

/** Bytes of a local file that are read or written at a time. */
export const stepBytes = 1024 * 1024;
const zeros = Buffer.alloc(stepBytes);

/** Makes `[start, end)` zeros. */
export async function writeZeros(file: LocalFile, start: number, end: number): Promise<void> {
  for (let at = start; at < end; at += stepBytes) {
    await file.writeFully(zeros.subarray(0, Math.min(stepBytes, end - at)), at);
  }
}

/** Makes zeros of what the extents do not cover from `from` to the end of the file; what is zeros already is not written. */
export async function clearGaps(file: LocalFile, extents: Extents, from: number): Promise<void> {
  for (const { start, end } of missingExtents(extents, from, file.length)) {
    for (let at = start; at < end; at += stepBytes) {
      const bytes = Buffer.alloc(Math.min(stepBytes, end - at));
      await file.readFully(bytes, at);
      if (!bytes.equals(zeros.subarray(0, bytes.length))) await writeZeros(file, at, at + bytes.length);
    }
  }
}

/** Writes what the extents cover once more, as it is read. */
export async function rewriteExtents(file: LocalFile, extents: Extents): Promise<void> {
  for (const { start, end } of extents) {
    for (let at = start; at < end; at += stepBytes) {
      const bytes = Buffer.alloc(Math.min(stepBytes, end - at));
      await file.readFully(bytes, at);
      await file.writeFully(bytes, at);
    }
  }
}

/**
 * The bytes from `start` to `size`, in order; what the extents do not cover is zeros, and is not read. The memory of a chunk holds
 * the next one's when that is asked for.
 */
export async function* readSparse(
  file: LocalFile,
  extents: Extents,
  start: number,
  size: number,
): AsyncGenerator<Buffer, void> {
  const memory = Buffer.alloc(Math.min(stepBytes, Math.max(0, size - start)));
  for (let at = start; at < size; ) {
    const end = Math.min(size, at + stepBytes);
    const holes = missingExtents(extents, at, end);
    if (holes[0]?.start === at && holes[0].end === end) yield zeros.subarray(0, end - at);
    else {
      const buffer = memory.subarray(0, end - at);
      await file.readFully(buffer, at);
      for (const hole of holes) buffer.fill(0, hole.start - at, hole.end - at);
      yield buffer;
    }
    at = end;
  }
}
