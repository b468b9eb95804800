import { statfs } from 'node:fs/promises';

/** Bytes that may still be written to the disk that holds `dir`. */
export async function getFreeBytes(dir: string): Promise<number> {
  const { bavail, bsize } = await statfs(dir);
  return bavail * bsize;
}
