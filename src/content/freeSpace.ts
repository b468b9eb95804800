import { stat, statfs } from 'node:fs/promises';

/** Bytes that may still be written to the disk that holds `dir`. */
export async function getFreeBytes(dir: string): Promise<number> {
  const { bavail, bsize } = await statfs(dir);
  return bavail * bsize;
}

/**
 * Does what is deleted from `one` give room to `other`? Volumes of one pool (APFS, btrfs) are devices of their own, and tell the
 * same size.
 */
export async function sharesDisk(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([stat(one), stat(other)]);
  if (a.dev === b.dev) return true;
  const [first, second] = await Promise.all([statfs(one), statfs(other)]);
  return first.type === second.type && first.blocks === second.blocks && first.bsize === second.bsize;
}
