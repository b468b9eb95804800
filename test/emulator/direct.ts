import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, stat, writeFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import type { Context } from './context.ts';
import { noSuchFile } from './errors.ts';
import type { Told } from './model.ts';
import { wholeSecond } from './times.ts';
import { resolve } from './tree.ts';
import { ensureFile, parsePlace, setContent, trash } from './writes.ts';

/** Writes a file without HTTP, as another device would: content, new revision, parents created. */
export async function putFile(
  context: Context,
  path: string,
  content: string | Uint8Array,
  modified = new Date(),
): Promise<void> {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  const md5 = createHash('md5').update(bytes).digest('hex');
  await store(context, path, md5, bytes.length, modified, (partial) => writeFile(partial, bytes));
}

/** Copies a local file in, streaming; its modification time is kept. */
export async function importFile(context: Context, path: string, local: string): Promise<void> {
  const { size, mtime } = await stat(local);
  const hash = createHash('md5');
  for await (const chunk of createReadStream(local)) hash.update(chunk);
  await store(context, path, hash.digest('hex'), size, mtime, (partial) => copyFile(local, partial));
}

async function store(
  context: Context,
  path: string,
  md5: string,
  size: number,
  modified: Date,
  write: (partial: string) => Promise<void>,
): Promise<void> {
  if (!context.blobs.has(md5, size)) {
    const partial = context.blobs.partialPath(crypto.randomUUID());
    await write(partial);
    await context.blobs.adopt(partial, md5, size);
  }
  const time = wholeSecond(modified.getTime());
  setContent(context, ensureFile(context, parsePlace(context, path)), { md5, size, created: time, modified: time });
}

/** Content of the current revision; throws when there is none. */
export async function readBack(context: Context, path: string): Promise<Buffer> {
  const node = resolve(context.account, path.split('/').filter(Boolean));
  if (node?.kind !== 'file' || !node.current || node.deleted !== undefined) throw noSuchFile(path);
  return buffer(context.blobs.open(node.current.md5, 0, node.current.size));
}

/** Sends a live file or folder to the trash; throws when there is none. */
export function removePath(context: Context, path: string): void {
  const node = resolve(context.account, path.split('/').filter(Boolean));
  if ((node?.kind !== 'file' && node?.kind !== 'folder') || node.deleted !== undefined) throw noSuchFile(path);
  trash(context, node);
}

/** Says something else of a live file in all documents from now on, and the truth again without `told`; throws when there is none. */
export function garbleFile(context: Context, path: string, told?: Told): void {
  const node = resolve(context.account, path.split('/').filter(Boolean));
  if (node?.kind !== 'file' || node.deleted !== undefined) throw noSuchFile(path);
  node.told = told;
}
