import { closeSync, openSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Change } from './content.ts';
import type { Entry, FileState, Model } from './model.ts';

/** What is older than this when the power goes must be on the disk (SEMANTICS.md, "Durability"): a second, and more for a busy computer. ms. */
const promisedMs = 5_000;

/** Of one file. */
const doubtsKept = 4;

/** Bytes that a file was acknowledged to hold, and since when. One of several where nobody can tell which. */
export interface Acknowledged {
  readonly contents: readonly Buffer[];
  readonly at: number;
  /** What was changed since the one before. */
  readonly changes: readonly Change[];
  /** Changes that may be there in part besides, each byte old or new: the power went before they were on the disk. */
  readonly torn: readonly Change[];
}

/** What must not be lost, or of several what may be the one. */
export function getStable({ acknowledged }: FileState): readonly Buffer[] {
  return acknowledged.at(-1)?.contents ?? [];
}

/** What may be there in part, over what must not be lost. */
export function getTorn({ acknowledged, changes }: FileState): readonly Change[] {
  return [...(acknowledged.at(-1)?.torn ?? []), ...changes];
}

/** The file was given whole new bytes after `changes`, or was looked at: what it holds is certain from here. */
export function noteDoubt(file: FileState, changes: readonly Change[]): void {
  addDoubt(file, changes);
  file.uncertain = false;
}

/** Some of `changes` may have been sent, over what the file is known to hold. */
export function addDoubt(file: FileState, changes: readonly Change[]): void {
  if (changes.length === 0) return;
  file.doubted = [...file.doubted.slice(1 - doubtsKept), { stable: getStable(file), changes }];
}

/** It holds one of `contents`. `isSynced`: by an fsync, which nothing undoes. */
export function acknowledge(file: FileState, contents: readonly Buffer[], isSynced = false): void {
  const at = performance.now();
  const newest = { contents, at: isSynced ? Number.NEGATIVE_INFINITY : at, changes: file.changes, torn: [] };
  file.acknowledged = isSynced ? [newest] : [...fromLasting(file.acknowledged, at), newest];
}

/** What a copy of `source` holds that was asked for when it held `content`: others, or a cut of the power, may have had a hand in it since. */
export function getCopied(content: Buffer, source: Entry | undefined): readonly Buffer[] {
  if (source?.file === undefined || !source.contested) return [content];
  return [content, ...getStable(source.file), ...source.file.foreign];
}

/** What was on the disk for good at that time, and all that came after it. */
function fromLasting(acknowledged: readonly Acknowledged[], at: number): readonly Acknowledged[] {
  const lasting = acknowledged.findLastIndex(({ at: since }) => at - since >= promisedMs);
  return acknowledged.slice(Math.max(lasting, 0));
}

/** The drive died at `diedAt` and is back: it makes what it left to the kernel last from now on. */
export function dateAnew(model: Model, diedAt: number): void {
  const now = performance.now();
  const renew = (at: number) => (diedAt - at < promisedMs ? now : at);
  for (const entry of model.getAll()) {
    entry.changedAt = renew(entry.changedAt);
    const { file } = entry;
    if (file === undefined) continue;
    file.acknowledged = file.acknowledged.map((each) => ({ ...each, at: renew(each.at) }));
  }
}

/**
 * The power went at `at`. What was changed shortly before may be as it was, or as it became: nothing is said about its path, and
 * of its contents since then one must be kept.
 */
export function loseNewest(model: Model, at: number): void {
  for (const entry of model.getAll()) {
    const { file } = entry;
    const isNew = at - entry.changedAt < promisedMs;
    if (isNew) for (const place of entry.places) model.contest(place);
    if (file === undefined) continue;
    if (isNew) file.mtimeSec = undefined;
    const possible = fromLasting(file.acknowledged, at);
    if (possible.length < 2) continue;
    model.contest(model.getPath(entry));
    const contents = possible.flatMap((each) => each.contents);
    const torn = [...(possible[0]?.torn ?? []), ...possible.slice(1).flatMap(({ changes }) => changes)];
    file.acknowledged = [{ contents, at: Number.NEGATIVE_INFINITY, changes: [], torn }];
    addDoubt(file, torn);
  }
}

/** <linux/ext4.h>: EXT4_IOC_SHUTDOWN, without a flush of the journal. */
const shutdownRequest = 0x8004587dn;
const noFlush = 2;

interface Ffi {
  dlopen(
    library: null,
    functions: object,
  ): { functions: { ioctl(fd: number, request: bigint, flags: Buffer): number } };
}

/** From now on the ext4 file system of `dir` is as it is on its disk: nothing more is written, and nothing can be read. */
export function stopDisk(dir: string): void {
  const { dlopen } = createRequire(import.meta.url)('node:ffi') as Ffi;
  const ioctl = { return: 'int32', arguments: ['int32', 'uint64', 'buffer'] };
  const { functions } = dlopen(null, { ioctl });
  const flags = Buffer.alloc(4);
  flags.writeUInt32LE(noFlush);
  const fd = openSync(dir, 'r');
  try {
    if (functions.ioctl(fd, shutdownRequest, flags) !== 0) throw new Error('the disk does not stop');
  } finally {
    closeSync(fd);
  }
}
