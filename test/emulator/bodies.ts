import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Call } from './call.ts';
import type { Context } from './context.ts';
import type { Reply } from './reply.ts';
import { pace, pieces, type Shape } from './shape.ts';

/** One request being answered, with what befalls its bytes. */
export interface Exchange {
  context: Context;
  call: Call;
  request: IncomingMessage;
  response: ServerResponse;
  /** Speed of its bodies. */
  shape: Shape;
  /** Aborted when the connection is gone. */
  gone: AbortSignal;
  /** Counts the connection as open no longer. */
  forget: () => void;
  /** Faults that act on the body with the most bytes: the request's for an upload, the response's otherwise. */
  cut: Cut;
}

export interface Cut {
  truncateAfter: number | undefined;
  /** The body ends at `truncateAfter` as if that were all. */
  clean: boolean;
  stallAfter: number | undefined;
  corrupt: boolean;
}

const maxTextBytes = 1024 * 1024;

export class ConnectionCut extends Error {}

/** The request body at the line's speed. A cut connection throws, after the bytes before the cut were yielded. */
export async function* shapedBody(at: Exchange): AsyncGenerator<Buffer> {
  const { context, request } = at;
  const chunks = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  for await (const piece of cutShort(at, chunks)) {
    context.stats.bytes('in', piece.length);
    await pace(at.shape, request.socket, 'in', piece.length, at.gone);
    yield piece;
  }
}

export async function* noBody(): AsyncGenerator<Buffer> {}

/** Reads a small body; what is beyond 1 MiB is dropped. */
export async function readText(at: Exchange): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of at.request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= maxTextBytes) chunks.push(chunk);
  }
  at.context.stats.bytes('in', size);
  return Buffer.concat(chunks).toString();
}

/** Sends a reply at the line's speed, as far as the faults let it. */
export async function send(at: Exchange, reply: Reply): Promise<void> {
  const { context, request, response, gone } = at;
  if (response.destroyed) return;
  const upload = at.call.kind === 'upload';
  const length = typeof reply.body === 'string' ? Buffer.byteLength(reply.body) : reply.length;
  if (length !== undefined) response.setHeader('content-length', upload ? length : lengthSent(at, length));
  response.writeHead(reply.status, reply.headers);
  const body = typeof reply.body === 'string' ? [Buffer.from(reply.body)] : reply.body;
  try {
    for await (const piece of upload ? plain(at, body) : cutShort(at, body)) {
      await pace(at.shape, request.socket, 'out', piece.length, gone);
      if (response.destroyed) return;
      context.stats.bytes('out', piece.length);
      if (!response.write(piece)) await writable(at);
      if (response.destroyed) return;
    }
  } catch (error) {
    if (error instanceof ConnectionCut) return;
    throw error;
  }
  response.end();
}

function lengthSent({ cut }: Exchange, length: number): number {
  return cut.clean ? Math.min(length, cut.truncateAfter ?? length) : length;
}

async function* plain(at: Exchange, body: AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>) {
  for await (const chunk of body) yield* pieces(toBuffer(chunk), at.shape);
}

/** Passes a body on until a truncate or stall fault strikes; flips its first byte for a corrupt fault. */
async function* cutShort(
  at: Exchange,
  body: AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>,
): AsyncGenerator<Buffer> {
  const { cut } = at;
  const limit = Math.min(cut.truncateAfter ?? Number.POSITIVE_INFINITY, cut.stallAfter ?? Number.POSITIVE_INFINITY);
  let left = limit;
  if (left === 0) return yield* cutNow(at);
  for await (let piece of plain(at, body)) {
    if (cut.corrupt && piece.length > 0) {
      piece = Buffer.from(piece);
      piece[0] = (piece[0] ?? 0) ^ 0xff;
      cut.corrupt = false;
    }
    if (piece.length < left) {
      yield piece;
      left -= piece.length;
      continue;
    }
    yield piece.subarray(0, left);
    return yield* cutNow(at);
  }
}

// biome-ignore lint/correctness/useYield: ends the body it is delegated to, mostly by throwing
async function* cutNow(at: Exchange): AsyncGenerator<Buffer> {
  const { truncateAfter, clean } = at.cut;
  if (truncateAfter === undefined) await untilGone(at);
  else if (clean) return;
  at.request.socket.destroySoon();
  throw new ConnectionCut('by fault plan');
}

function toBuffer(chunk: Uint8Array | string): Buffer {
  return typeof chunk === 'string' ? Buffer.from(chunk) : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}

/** Nothing is done for this request any more; while its bytes are not read, the end of its client goes unnoticed. */
export function untilGone({ gone, forget }: Exchange): Promise<void> {
  forget();
  return new Promise((resolve) => {
    if (gone.aborted) resolve();
    else gone.addEventListener('abort', () => resolve(), { once: true });
  });
}

function writable({ response, gone }: Exchange): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done);
      gone.removeEventListener('abort', done);
      resolve();
    };
    response.once('drain', done);
    gone.addEventListener('abort', done, { once: true });
    if (gone.aborted) done();
  });
}
