import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { ConnectionCut, type Exchange, noBody, readText, send, shapedBody } from './bodies.ts';
import type { Call } from './call.ts';
import type { Context } from './context.ts';
import { errorForm } from './errors.ts';
import { actAfter, actBefore } from './faultEffects.ts';
import type { FaultAction } from './faults.ts';
import { refusalReply } from './refusals.ts';
import { jsonReply, type Reply } from './reply.ts';
import { route } from './route.ts';
import { waitFor } from './shape.ts';

/**
 * Counts, delays, applies faults, does the work and sends the reply; `given` is a reply that needs no work. `forget` is called
 * when the request is left unanswered for good.
 */
export async function exchange(
  context: Context,
  call: Call,
  request: IncomingMessage,
  response: ServerResponse,
  forget: () => void,
  given?: Reply,
): Promise<void> {
  const closed = new AbortController();
  response.on('close', () => closed.abort());
  const cut = { truncateAfter: undefined, clean: false, stallAfter: undefined, corrupt: false };
  const at: Exchange = { context, call, request, response, shape: context.shape, gone: closed.signal, forget, cut };
  context.stats.count(call.kind);
  const recorded = context.requestLog.add(call.kind, request);
  const text = hasText(call) ? await readText(at) : '';
  recorded.body = text;
  if (call.kind === 'allocate') call.path += ` ${/"path"\s*:\s*("(?:[^"\\]|\\.)*")/.exec(text)?.[1] ?? ''}`;
  const faults = context.faults.take({ kind: call.kind, method: call.method, path: call.path });
  await waitFor(context.shape.latency, at.gone);
  let reply: Reply | undefined = given;
  for (const fault of faults) reply = (await actBefore(at, fault, text)) ?? reply;
  if (response.destroyed) return;
  reply ??= await work(at, faults, text);
  for (const fault of faults) reply &&= await actAfter(at, fault, reply);
  if (reply === undefined) return;
  recorded.status = reply.status;
  await send(at, reply);
}

/** Small bodies are read before the faults, which may look at them. */
function hasText({ kind, rawPath }: Call): boolean {
  return kind === 'allocate' || kind === 'token' || rawPath.endsWith('/openid-connect/logout');
}

/** Does what was asked, as the faults have it; undefined when the connection was lost over it. */
async function work(at: Exchange, faults: FaultAction[], text: string): Promise<Reply | undefined> {
  const { context, call, response } = at;
  const body = call.kind === 'upload' ? shapedBody(at) : noBody();
  const former =
    faults.some(({ type }) => type === 'stale') && call.method === 'GET' ? context.faults.former() : undefined;
  const seen = former ? { ...context, account: former } : context;
  const late = faults.find((fault) => fault.type === 'duplicate' && fault.late !== undefined);
  try {
    if (late?.type === 'duplicate') return await workLater(at, late.late ?? 0, text, body);
    const reply = await route(seen, call, text, body);
    return faults.some(({ type }) => type === 'repeat') ? await route(seen, call, text, noBody()) : reply;
  } catch (error) {
    if (error instanceof ConnectionCut || response.destroyed) return undefined;
    return refusalReply(context, error, errorForm(call.rawPath));
  }
}

/** Answers when all of the request is there; what comes of it shows later. */
async function workLater(
  { context, call }: Exchange,
  ms: number,
  text: string,
  body: AsyncIterable<Buffer>,
): Promise<Reply> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk);
  // A refusal reaches nobody, and the emulator may be closed by then.
  setTimeout(() => route(context, call, text, Readable.from(chunks)).catch(() => {}), ms).unref();
  return jsonReply({});
}
