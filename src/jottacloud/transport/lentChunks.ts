import { finished, type Readable } from 'node:stream';
import { neverAborts } from '../../base/abort.ts';
import { isJottaError, JottaError } from '../errors.ts';
import type { HttpAnswer } from './http.ts';
import { tryReadInPlace } from './receiving.ts';
import { toTransportError } from './transportErrors.ts';

/** Bytes of a chunk at most: one gathers while its reader works with the one before. */
const chunkBytes = 256 * 1024;
/** Memory that is kept for the chunks of the next downloads: two each, of as many as go side by side. */
const keptBuffers = 12;
const spare: Buffer[] = [];

/**
 * As `chunksOf`, for bodies of any length: nothing is allocated for a chunk. Each is the reader's until it asks for the next one.
 */
export async function* lentChunksOf(answer: HttpAnswer, idleMs: number): AsyncGenerator<Buffer, void, undefined> {
  const { body } = answer;
  const inbox = new Inbox(body);
  const onIdle = () => body.destroy(new JottaError('timeout', `the connection went silent for ${idleMs} ms`));
  try {
    for (;;) {
      if (inbox.isEmpty) {
        const timer = setTimeout(onIdle, idleMs);
        try {
          await inbox.filled();
        } catch (error) {
          // The request's signal has already spoken through `destroy`.
          throw isJottaError(error) ? error : toTransportError(error, neverAborts);
        } finally {
          clearTimeout(timer);
        }
      }
      const chunk = inbox.take();
      if (chunk === undefined) return;
      yield chunk;
    }
  } finally {
    inbox.close();
    body.destroy();
  }
}

/** What has come of a body, copied into memory that is used again. */
class Inbox {
  readonly #body: Readable;
  readonly #resume: () => void;
  readonly #full: Buffer[] = [];
  #filling: Buffer | undefined;
  #filled = 0;
  #lent: Buffer | undefined;
  #changed = Promise.withResolvers<void>();
  #end: { readonly error: Error | null | undefined } | undefined;

  constructor(body: Readable) {
    this.#body = body;
    finished(body, { writable: false }, (error) => {
      this.#end = { error };
      this.#changed.resolve();
    });
    const resume = tryReadInPlace(body, (chunk) => this.#add(chunk));
    this.#resume = resume ?? (() => void body.resume());
    if (resume !== undefined) return;
    body.on('data', (chunk: Buffer) => {
      if (!this.#add(chunk)) body.pause();
    });
  }

  get isEmpty(): boolean {
    return this.#full.length === 0 && this.#filled === 0;
  }

  /** Resolves when there is a chunk, or none will come any more. Rejects where the body was cut. */
  async filled(): Promise<void> {
    while (this.isEmpty) {
      if (this.#end?.error) throw this.#end.error;
      if (this.#end !== undefined) return;
      this.#changed = Promise.withResolvers();
      await this.#changed.promise;
    }
  }

  /** What is there; undefined where that is nothing. What was taken before is used again from now on. */
  take(): Buffer | undefined {
    this.#recycle(this.#lent);
    this.#lent = this.#full.shift();
    if (this.#lent !== undefined) {
      if (this.#full.length === 0) this.#resume();
      return this.#lent;
    }
    this.#lent = this.#filling;
    const chunk = this.#lent?.subarray(0, this.#filled);
    this.#filling = undefined;
    this.#filled = 0;
    return chunk;
  }

  close(): void {
    this.#body.removeAllListeners('data');
    for (const buffer of [this.#lent, this.#filling, ...this.#full]) this.#recycle(buffer);
  }

  /** Copies it; false when enough is there for now. */
  #add(chunk: Buffer): boolean {
    for (let at = 0; at < chunk.length; ) {
      this.#filling ??= spare.pop() ?? Buffer.allocUnsafeSlow(chunkBytes);
      const taken = chunk.copy(this.#filling, this.#filled, at);
      at += taken;
      this.#filled += taken;
      if (this.#filled < chunkBytes) continue;
      this.#full.push(this.#filling);
      this.#filling = undefined;
      this.#filled = 0;
    }
    this.#changed.resolve();
    return this.#full.length < 2;
  }

  #recycle(buffer: Buffer | undefined): void {
    if (buffer !== undefined && spare.length < keptBuffers) spare.push(buffer);
  }
}
