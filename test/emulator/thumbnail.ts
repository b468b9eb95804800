import type { Context } from './context.ts';
import { noSuchFile } from './errors.ts';
import type { FileNode } from './model.ts';
import type { Reply } from './reply.ts';
import { pathOf } from './tree.ts';

/** A PNG of one grey pixel. */
const pixel = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==',
  'base64',
);

/** `?mode=thumb` (PROTOCOL.md §2.2): some small image for any image; throws 404 for anything else. */
export function thumbnail(context: Context, file: FileNode): Reply {
  const image = file.current?.mime.startsWith('image/') === true && context.quirks.thumbnails === 'image';
  if (!image) throw noSuchFile(pathOf(context.account, file));
  return { status: 200, headers: { 'content-type': 'image/png' }, body: once(pixel), length: pixel.length };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
