import { createReadStream } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Complete contents on disk, one file per md5, and the unfinished uploads beside them. */
export interface Blobs {
  /** True when content of this md5 (any case) and size is stored: the service's dedup table (PROTOCOL.md §3.1). */
  has(md5: string, size: number): boolean;
  /** Takes over a finished file by renaming it. */
  adopt(file: string, md5: string, size: number): Promise<void>;
  /** Streams bytes [start, end) of a stored content. */
  open(md5: string, start: number, end: number): AsyncIterable<Uint8Array>;
  /** Path of the partial upload with this id. */
  partialPath(id: string): string;
  removePartial(id: string): Promise<void>;
}

export const emptyMd5 = 'd41d8cd98f00b204e9800998ecf8427e';

/** Opens the store below `root`, counting what is there already. */
export async function openBlobs(root: string): Promise<Blobs> {
  const contents = join(root, 'blobs');
  const partials = join(root, 'partials');
  await mkdir(contents, { recursive: true });
  await mkdir(partials, { recursive: true });
  const sizes = new Map<string, number>([[emptyMd5, 0]]);
  for (const shard of await readdir(contents)) {
    for (const md5 of await readdir(join(contents, shard))) {
      sizes.set(md5, (await stat(join(contents, shard, md5))).size);
    }
  }
  const pathOf = (md5: string) => join(contents, md5.slice(0, 2), md5);
  return {
    has: (md5, size) => sizes.get(md5.toLowerCase()) === size,
    async adopt(file, md5, size) {
      const key = md5.toLowerCase();
      await mkdir(join(contents, key.slice(0, 2)), { recursive: true });
      await rename(file, pathOf(key));
      sizes.set(key, size);
    },
    open(md5, start, end) {
      if (end <= start) return nothing();
      return createReadStream(pathOf(md5.toLowerCase()), { start, end: end - 1, highWaterMark: 256 * 1024 });
    },
    partialPath: (id) => join(partials, id),
    removePartial: (id) => rm(join(partials, id), { force: true }),
  };
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
