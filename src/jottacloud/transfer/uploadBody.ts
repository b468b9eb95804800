import { Readable } from 'node:stream';
import { JottaError } from '../errors.ts';

export interface UploadBody {
  /** The request's body; exactly `length` bytes or an error. */
  readonly chunks: AsyncIterable<Buffer>;
  /** What the source threw, if it did: the caller's own failure, not the network's. */
  sourceError(): unknown;
  /** Stops the clocks and lets go of the source. */
  stop(): void;
}

export interface UploadWatch {
  readonly length: number;
  /** Ms the connection may refuse to take more bytes. */
  readonly idleMs: number;
  /** Ms from the last byte taken to the answer. */
  readonly answerMs: number;
  readonly onProgress: ((bytes: number) => void) | undefined;
  readonly onTimeout: (error: JottaError) => void;
}

/**
 * Wraps a source so that its bytes are counted and the *connection* is watched: the clock runs while the wrapper waits to
 * be asked for more, never while the source is read (it may be throttled on purpose). A source of another length than
 * promised is JottaError 'incomplete' or 'corrupt', since the server would wait for the rest (PROTOCOL.md §3.2:
 * always Content-Length).
 */
export function watchUpload(source: AsyncIterable<Buffer>, watch: UploadWatch): UploadBody {
  let timer: NodeJS.Timeout | undefined;
  let sourceError: unknown;
  let stopped = false;
  const start = (ms: number, what: string) => {
    clearTimeout(timer);
    // The source may still be on its way to an end when the upload is over.
    if (stopped) return;
    timer = setTimeout(() => watch.onTimeout(new JottaError('timeout', `${what} for ${ms} ms`)), ms);
  };
  async function* bytes(): AsyncGenerator<Buffer, void, undefined> {
    let sent = 0;
    try {
      for await (const chunk of source) {
        if (sent + chunk.length > watch.length) throw new JottaError('corrupt', 'the source is longer than promised');
        start(watch.idleMs, 'the server took no bytes');
        yield chunk;
        clearTimeout(timer);
        sent += chunk.length;
        watch.onProgress?.(sent);
      }
      if (sent < watch.length) throw new JottaError('incomplete', 'the source is shorter than promised');
      start(watch.answerMs, 'the upload was not confirmed');
    } catch (error) {
      sourceError = error;
      throw error;
    }
  }
  const chunks = bytes();
  return {
    chunks,
    sourceError: () => sourceError,
    stop() {
      stopped = true;
      clearTimeout(timer);
      // Takes effect only when the source gives its next chunk; a stream is destroyed at once.
      chunks.return().catch(() => undefined);
      if (source instanceof Readable) source.destroy();
    },
  };
}
