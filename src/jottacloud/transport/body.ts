import { neverAborts } from '../../base/abort.ts';
import { isJottaError, JottaError } from '../errors.ts';
import type { HttpAnswer } from './http.ts';
import { toTransportError } from './transportErrors.ts';

/**
 * The body's chunks. `idleMs` bounds the wait for each, and only the wait: a slow consumer is not a dead connection.
 * Throws JottaError 'timeout' on silence, 'offline' on a cut, or what the request's signal says. Leaving early closes
 * the connection.
 */
export async function* chunksOf(answer: HttpAnswer, idleMs: number): AsyncGenerator<Buffer, void, undefined> {
  const { body } = answer;
  const iterator: AsyncIterator<Buffer> = body[Symbol.asyncIterator]();
  const onIdle = () => body.destroy(new JottaError('timeout', `the connection went silent for ${idleMs} ms`));
  try {
    while (true) {
      const timer = setTimeout(onIdle, idleMs);
      let next: IteratorResult<Buffer>;
      try {
        next = await iterator.next();
      } catch (error) {
        // The request's signal has already spoken through `destroy`.
        throw isJottaError(error) ? error : toTransportError(error, neverAborts);
      } finally {
        clearTimeout(timer);
      }
      if (next.done) return;
      yield next.value;
    }
  } finally {
    body.destroy();
  }
}

/** The whole body as text; JottaError 'protocol' above `maxBytes`. */
export async function readText(answer: HttpAnswer, maxBytes: number, idleMs: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunksOf(answer, idleMs)) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new JottaError('protocol', 'an answer is too long', { status: answer.status });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes).toString('utf8');
}

/** The whole body as a JSON object; JottaError 'protocol' for anything else. */
export async function readJson(
  answer: HttpAnswer,
  maxBytes: number,
  idleMs: number,
): Promise<Readonly<Record<string, unknown>>> {
  const parsed = parseJsonObject(await readText(answer, maxBytes, idleMs));
  if (parsed === undefined) throw new JottaError('protocol', 'an answer is not JSON', { status: answer.status });
  return parsed;
}

export function parseJsonObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? { ...parsed } : undefined;
  } catch {
    return undefined;
  }
}
