import type { IncomingMessage, ServerResponse } from 'node:http';
import { TLSSocket } from 'node:tls';
import { strikeToken } from './auth.ts';
import type { Call } from './call.ts';
import type { Context } from './context.ts';
import { errorForm, errorReply, ServiceError } from './errors.ts';
import type { FaultAction } from './faults.ts';
import type { Reply } from './reply.ts';
import { route } from './route.ts';
import { pace, pieces, waitFor } from './shape.ts';

/** One request being answered, with what befalls its bytes. */
interface Exchange {
  context: Context;
  call: Call;
  request: IncomingMessage;
  response: ServerResponse;
  /** Aborted when the connection is gone. */
  gone: AbortSignal;
  /** Faults that act on the body with the most bytes: the request's for an upload, the response's otherwise. */
  cut: Cut;
}

interface Cut {
  truncateAfter: number | undefined;
  stallAfter: number | undefined;
  corrupt: boolean;
}

const maxJsonBytes = 1024 * 1024;

class ConnectionCut extends Error {}

/** Counts, delays, applies faults, does the work and sends the reply. */
export async function exchange(
  context: Context,
  call: Call,
  request: IncomingMessage,
  response: ServerResponse,
  given?: Reply,
): Promise<void> {
  const closed = new AbortController();
  response.on('close', () => closed.abort());
  const cut: Cut = { truncateAfter: undefined, stallAfter: undefined, corrupt: false };
  const at: Exchange = { context, call, request, response, gone: closed.signal, cut };
  context.stats.count(call.kind);
  const text = call.kind === 'allocate' || call.kind === 'token' ? await readText(at) : '';
  if (call.kind === 'allocate') call.path += ` ${/"path"\s*:\s*("(?:[^"\\]|\\.)*")/.exec(text)?.[1] ?? ''}`;
  const faults = context.faults.take({ kind: call.kind, method: call.method, path: call.path });
  await waitFor(context.shape.latency, at.gone);
  let reply: Reply | undefined = given;
  for (const fault of faults) reply = (await applyFault(at, fault)) ?? reply;
  if (response.destroyed) return;
  if (!reply) {
    const body = call.kind === 'upload' ? shapedBody(at) : noBody();
    try {
      reply = await route(context, call, text, body);
    } catch (error) {
      if (error instanceof ConnectionCut || response.destroyed) return;
      reply = errorReply(error, errorForm(call.rawPath));
    }
  }
  if (faults.some(({ type }) => type === 'duplicate')) {
    const message = 'The work was done, the answer was lost';
    reply = errorReply(new ServiceError(500, 'InternalServerErrorException', message), errorForm(call.rawPath));
  }
  await send(at, reply);
}

/** Acts before the work is done; returns a reply that replaces the work. */
async function applyFault(at: Exchange, fault: FaultAction): Promise<Reply | undefined> {
  const { context, call, request, cut } = at;
  switch (fault.type) {
    case 'status': {
      const form = errorForm(call.rawPath);
      const reply = errorReply(new ServiceError(fault.status, 'InjectedFaultException', 'by fault plan'), form);
      return fault.body === undefined
        ? reply
        : { ...reply, headers: { 'content-type': 'text/plain' }, body: fault.body };
    }
    case 'reset':
      if (request.socket instanceof TLSSocket) request.socket.destroy();
      else request.socket.resetAndDestroy();
      at.response.destroy();
      return undefined;
    case 'truncate':
      cut.truncateAfter = fault.after;
      return undefined;
    case 'stall':
      if (fault.after === undefined) await untilGone(at);
      cut.stallAfter = fault.after;
      return undefined;
    case 'delay':
      await waitFor(fault.ms, at.gone);
      return undefined;
    case 'corrupt':
      cut.corrupt = true;
      return undefined;
    case 'expire-token':
      strikeToken(context, call.headers.authorization, 'expire');
      return undefined;
    case 'revoke':
      strikeToken(context, call.headers.authorization, 'revoke');
      return undefined;
    case 'duplicate':
      return undefined;
  }
}

/** The request body at the line's speed. A cut connection throws, after the bytes before the cut were yielded. */
async function* shapedBody(at: Exchange): AsyncGenerator<Buffer> {
  const { context, request } = at;
  const chunks = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  for await (const piece of cutShort(at, chunks)) {
    context.stats.bytes('in', piece.length);
    await pace(context.shape, request.socket, 'in', piece.length, at.gone);
    yield piece;
  }
}

async function* noBody(): AsyncGenerator<Buffer> {}

async function readText(at: Exchange): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of at.request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= maxJsonBytes) chunks.push(chunk);
  }
  at.context.stats.bytes('in', size);
  return Buffer.concat(chunks).toString();
}

async function send(at: Exchange, reply: Reply): Promise<void> {
  const { context, request, response, gone } = at;
  if (response.destroyed) return;
  const length = typeof reply.body === 'string' ? Buffer.byteLength(reply.body) : reply.length;
  if (length !== undefined) response.setHeader('content-length', length);
  response.writeHead(reply.status, reply.headers);
  const body = typeof reply.body === 'string' ? [Buffer.from(reply.body)] : reply.body;
  const whole = at.call.kind === 'upload' ? plain(at, body) : cutShort(at, body);
  try {
    for await (const piece of whole) {
      await pace(context.shape, request.socket, 'out', piece.length, gone);
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

async function* plain(at: Exchange, body: AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>) {
  for await (const chunk of body) yield* pieces(toBuffer(chunk), at.context.shape);
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

// biome-ignore lint/correctness/useYield: ends the body it is delegated to, by throwing
async function* cutNow(at: Exchange): AsyncGenerator<Buffer> {
  if (at.cut.truncateAfter === undefined) await untilGone(at);
  at.request.socket.destroySoon();
  throw new ConnectionCut('by fault plan');
}

function toBuffer(chunk: Uint8Array | string): Buffer {
  return typeof chunk === 'string' ? Buffer.from(chunk) : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}

function untilGone({ gone }: Exchange): Promise<void> {
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
