import { createHash, type Hash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import type { Context } from './context.ts';
import { invalidArgument, ServiceError } from './errors.ts';
import { assertQuota, assertWritable } from './locks.ts';
import { mimeOf } from './mime.ts';
import type { FileNode } from './model.ts';
import type { Quirks } from './quirks.ts';
import { jsonReply, type Reply } from './reply.ts';
import { wholeSecond } from './times.ts';
import { mountPointOf, pathOf, resolve, touch } from './tree.ts';
import { ensureFile, nextNumber, overtake, placeAt, setContent } from './writes.ts';
import { spelled } from './xmlFile.ts';

/** A promised content and the bytes of it that have arrived (PROTOCOL.md §3.1–§3.3). */
export interface Upload {
  id: string;
  /** Of its URLs `/upload/<id>-<serial>` only the one with this number is good. */
  serial: number;
  /** `[device, mountpoint, …names]`. */
  target: string[];
  md5: string;
  bytes: number;
  created: number;
  modified: number;
  /** Bytes kept from offset 0. */
  received: number;
  running: { stop: AbortController; done: Promise<void> } | undefined;
}

/** Hash states of uploads that go on in this process; any other is read again from disk. */
const hashes = new WeakMap<Upload, { hash: Hash; at: number }>();

/**
 * Makes the newest, unfinished revision of a file. The URL of an earlier upload to the same file stays good: whoever finishes
 * last makes the last revision.
 */
export function startUpload(
  context: Context,
  file: FileNode,
  target: string[],
  promised: { md5: string; bytes: number; created: number; modified: number },
): Upload {
  const id = crypto.randomUUID();
  const upload: Upload = { id, serial: 0, target, ...promised, received: 0, running: undefined };
  context.uploads.set(id, upload);
  const { md5, bytes: size, created, modified } = promised;
  const number = nextNumber(context, file);
  overtake(context, file);
  const updated = wholeSecond(Date.now());
  const rest = { created, modified, updated, mime: mimeOf(file.name), size, md5 };
  file.latest = { number, state: 'INCOMPLETE', ...rest, uploadId: id };
  touch(context, mountPointOf(file.parent));
  return upload;
}

/** Finds an upload by the last part of its URL; `good` is false for a URL whose time is over. */
export function uploadAt({ uploads }: Context, reference: string): { upload: Upload; good: boolean } | undefined {
  const [, id = '', serial] = /^(.+)-(\d+)$/.exec(reference) ?? [];
  const upload = uploads.get(id);
  return upload && { upload, good: Number(serial) === upload.serial };
}

/** Ends the life of every upload URL given out; the bytes received are kept for the next allocate (§3.2). */
export function expireUploadUrls(context: Context): void {
  for (const upload of context.uploads.values()) upload.serial++;
  context.changed();
}

/**
 * Takes the body of `POST <upload_url>` from the offset its Range or Content-Range names. Bytes that arrive are kept, whatever
 * happens then. Answers 200 when complete; throws 420 when short or corrupt, 404 for an unknown upload, 400 for a gap.
 */
export async function receiveUpload(
  context: Context,
  reference: string,
  headers: IncomingHttpHeaders,
  body: AsyncIterable<Buffer>,
): Promise<Reply> {
  assertWritable(context);
  const { quirks } = context;
  const found = uploadAt(context, reference);
  if (!found?.good) throw goneUpload(quirks, reference);
  const { upload } = found;
  if (quirks.uploadUrl === 'single-use') upload.serial++;
  if (quirks.quotaAt === 'upload') assertQuota(context, upload.bytes);
  const file = await receive(context, upload, offsetOf(headers), body);
  const { md5, bytes, modified } = upload;
  const path = pathOf(context.account, file);
  return jsonReply({ path, content_id: file.uuid, bytes, md5: spelled(context, md5), modified });
}

function goneUpload({ uploadUrlGone }: Quirks, reference: string): ServiceError {
  if (uploadUrlGone === '401') return new ServiceError(401, 'BadCredentialsException', 'Upload token has expired');
  return new ServiceError(Number(uploadUrlGone), 'NoSuchUploadException', `Upload ${reference} does not exist`);
}

/** Appends a body to an upload; returns the file once it is complete. Throws 420 when short or corrupt, 400 for a gap. */
export async function receive(
  context: Context,
  upload: Upload,
  offset: number,
  body: AsyncIterable<Buffer>,
): Promise<FileNode> {
  while (upload.running) {
    upload.running.stop.abort();
    await upload.running.done;
  }
  const stop = new AbortController();
  setState(context, upload, 'INCOMPLETE');
  const work = append(context, upload, offset, body, stop.signal);
  upload.running = { stop, done: work.then(noop, noop) };
  let received: { md5: string; extra: boolean };
  try {
    received = await work;
  } finally {
    upload.running = undefined;
    context.changed();
  }
  if (received.extra) return markCorrupt(context, upload);
  if (upload.received < upload.bytes) {
    const progress = `Received ${upload.received} of ${upload.bytes} bytes`;
    throw new ServiceError(420, 'IncompleteUploadOpenApiException', progress);
  }
  if (received.md5 !== upload.md5.toLowerCase()) return markCorrupt(context, upload);
  return complete(context, upload);
}

function noop(): void {}

async function append(
  context: Context,
  upload: Upload,
  offset: number,
  body: AsyncIterable<Buffer>,
  signal: AbortSignal,
): Promise<{ md5: string; extra: boolean }> {
  if (offset > upload.received) throw invalidArgument(`Offset ${offset} is past the ${upload.received} bytes received`);
  const path = context.blobs.partialPath(upload.id);
  const handle = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  try {
    upload.received = offset;
    await handle.truncate(offset);
    const hash = await hashOfPrefix(upload, path);
    for await (const chunk of until(body, signal)) {
      const room = upload.bytes - upload.received;
      if (chunk.length > room) return { md5: '', extra: true };
      const written = writeAll(handle, chunk, upload.received);
      hash.update(chunk);
      await written;
      upload.received += chunk.length;
      hashes.set(upload, { hash, at: upload.received });
    }
    return { md5: upload.received === upload.bytes ? hash.copy().digest('hex') : '', extra: false };
  } finally {
    await handle.close();
  }
}

/** Passes a body on until the signal says that another request took over; then throws, even while the body is silent. */
async function* until(body: AsyncIterable<Buffer>, signal: AbortSignal): AsyncGenerator<Buffer> {
  const source = body[Symbol.asyncIterator]();
  const superseded = new Promise<never>((_, reject) => {
    const error = new ServiceError(409, 'UploadSupersededException', 'Another request took over this upload');
    signal.addEventListener('abort', () => reject(error), { once: true });
  });
  superseded.catch(noop);
  for (;;) {
    const next = await Promise.race([source.next(), superseded]);
    if (next.done) return;
    yield next.value;
  }
}

async function writeAll(handle: FileHandle, chunk: Buffer, position: number): Promise<void> {
  for (let done = 0; done < chunk.length; ) {
    done += (await handle.write(chunk, done, chunk.length - done, position + done)).bytesWritten;
  }
}

async function hashOfPrefix(upload: Upload, path: string): Promise<Hash> {
  const known = hashes.get(upload);
  if (known?.at === upload.received) return known.hash;
  const hash = createHash('md5');
  if (upload.received === 0) return hash;
  for await (const chunk of createReadStream(path, { end: upload.received - 1 })) hash.update(chunk);
  return hash;
}

function offsetOf(headers: IncomingHttpHeaders): number {
  const range = /^bytes[= ](\d+)-/.exec(headers.range ?? headers['content-range'] ?? '');
  return range ? Number(range[1]) : 0;
}

async function complete(context: Context, upload: Upload): Promise<FileNode> {
  const { md5, bytes, created, modified } = upload;
  await context.blobs.adopt(context.blobs.partialPath(upload.id), md5, bytes);
  context.uploads.delete(upload.id);
  const file = ensureFile(context, placeAt(context, upload.target));
  const number = file.latest?.uploadId === upload.id ? file.latest.number : undefined;
  if (number !== undefined) file.latest = undefined;
  setContent(context, file, { md5, size: bytes, created, modified, ...(number && { number }) });
  return file;
}

async function markCorrupt(context: Context, upload: Upload): Promise<never> {
  hashes.delete(upload);
  if (context.quirks.resumeAfterCorrupt === '0') {
    upload.received = 0;
    await context.blobs.removePartial(upload.id);
  }
  setState(context, upload, 'CORRUPT');
  throw new ServiceError(420, 'CorruptUploadOpenApiException', `The content received does not have md5 ${upload.md5}`);
}

function setState(context: Context, upload: Upload, state: 'INCOMPLETE' | 'CORRUPT'): void {
  const file = resolve(context.account, upload.target);
  if (file?.kind !== 'file' || file.latest?.uploadId !== upload.id || file.latest.state === state) return;
  file.latest.state = state;
  touch(context, mountPointOf(file.parent));
}
