import type { Clock } from '../../base/clock.ts';
import type { Foreground } from '../../base/foreground.ts';
import type { Log } from '../../base/log.ts';
import type { Ino } from '../../store/nodeRow.ts';
import type { Nodes } from '../../store/nodes.ts';
import type { FaultPoint } from '../tree/faultPoints.ts';
import { writebackLimits } from '../tree/limits.ts';
import { isRemoteError, type Remote, RemoteError, type WirePath } from '../tree/remote.ts';

export interface SendDeps {
  readonly nodes: Nodes;
  readonly remote: Remote;
  readonly foreground: Foreground;
  readonly clock: Clock;
  readonly log: Log;
  readonly onProgress: (ino: Ino, done: number, total: number) => void;
  /** Called at each step whose survival is proved (faultPoints.ts). */
  readonly faultPoint: (point: FaultPoint) => void;
}

/** What is sent. `stillSame` turns false when the file is written to meanwhile. */
export interface Sendable {
  readonly md5: string;
  readonly size: number;
  readonly mtime: number;
  readonly stillSame: () => boolean;
  /** Each is free for the bytes of the next when that is asked for. */
  readonly chunks: (start: number) => AsyncIterable<Buffer>;
}

const gibibyte = 1024 ** 3;

/**
 * Brings a content to `path`: nothing is sent that the server has. That all of a large one was sent and not answered is
 * remembered, over a restart too: the server is then asked first. Resolves when the server has said so; rejects with RemoteError,
 * `cancelled` when the file was written to meanwhile.
 */
export async function send(
  deps: SendDeps,
  ino: Ino,
  content: Sendable,
  path: WirePath,
  onto: 'reject' | { readonly created: number },
  signal: AbortSignal,
): Promise<void> {
  const { remote } = deps;
  const { facts } = deps.nodes;
  const { md5, size, mtime } = content;
  for (let attempt = 1; ; attempt += 1) {
    if (facts.isWhole(ino, md5) && (await hasArrived(deps, path, content, signal))) break;
    facts.setWhole(ino, md5, false);
    if (!content.stillSame()) throw new RemoteError('cancelled', 'written to while being sent');
    const slot = await remote.allocate(path, { size, md5, mtime, onto }, signal);
    deps.faultPoint('allocated');
    if (slot.completed) break;
    const { isWhole, error } = await sendBytes(deps, ino, content, slot, signal);
    if (error === undefined) break;
    // Nobody waited for the answer: the upload may have succeeded all the same.
    if (signal.aborted) throw error;
    const isOpen = isWhole && isOutcomeOpen(error) && size >= writebackLimits.watchedBytes;
    if (!isOpen) {
      facts.setWhole(ino, md5, false);
      if (!content.stillSame()) throw new RemoteError('cancelled', 'written to while being sent', { cause: error });
      if (!isRemoteError(error, 'incomplete')) throw error;
    }
    if (attempt === writebackLimits.resumes) throw error;
  }
}

/** `isWhole`: the last byte was sent, whatever came of it. */
async function sendBytes(
  deps: SendDeps,
  ino: Ino,
  { md5, size, chunks }: Sendable,
  { uploadUrl, resumePos }: { readonly uploadUrl: string; readonly resumePos: number },
  signal: AbortSignal,
): Promise<{ isWhole: boolean; error: unknown }> {
  const body = await getBody(deps.foreground, chunks(resumePos), size - resumePos, signal);
  let sent = resumePos;
  const onProgress = (done: number) => {
    sent = resumePos + done;
    if (sent === size && size >= writebackLimits.watchedBytes) deps.nodes.facts.setWhole(ino, md5, true);
    deps.onProgress(ino, sent, size);
  };
  try {
    await deps.remote.upload(uploadUrl, body, { start: resumePos, size, md5 }, signal, onProgress);
    deps.faultPoint('sent');
    return { isWhole: true, error: undefined };
  } catch (error) {
    return { isWhole: sent === size, error };
  }
}

/** A small file as a whole, which goes with the head of its request; any other in chunks. */
async function getBody(
  foreground: Foreground,
  chunks: AsyncIterable<Buffer>,
  size: number,
  signal: AbortSignal,
): Promise<Buffer | AsyncIterable<Buffer>> {
  if (size > writebackLimits.wholeBytes) return takeTurns(chunks, foreground, signal);
  const whole = Buffer.alloc(size);
  let length = 0;
  for await (const chunk of chunks) length += chunk.copy(whole, length);
  return whole;
}

/** The chunks, each but the first in a turn of its own: the first goes with the turn of the push. */
async function* takeTurns(chunks: AsyncIterable<Buffer>, foreground: Foreground, signal: AbortSignal) {
  let isFirst = true;
  for await (const chunk of chunks) {
    if (!isFirst) await foreground.turn(signal);
    isFirst = false;
    yield chunk;
  }
}

/** What is in front of the server gave up on it, or the connection ended: it may be at work still. */
function isOutcomeOpen(error: unknown): boolean {
  return isRemoteError(error, 'server') || isRemoteError(error, 'offline');
}

/**
 * Whether bytes of which all were sent became the content of `path`. Waits as long as they may: while the server shows them
 * as an unfinished revision that has none of them, all, or more and more.
 */
async function hasArrived(
  { remote, clock, log }: SendDeps,
  path: WirePath,
  { md5, size }: Sendable,
  signal: AbortSignal,
): Promise<boolean> {
  const { arrivalFirstMs, arrivalLookMs, arrivalMs, arrivalMsPerGib } = writebackLimits;
  const begun = clock.now();
  const patienceMs = arrivalMs + (arrivalMsPerGib * size) / gibibyte;
  log.info('all of a file was sent and nobody says what became of it; the server is asked', { size });
  let before: number | undefined;
  for (let waitMs: number = arrivalFirstMs; ; waitMs = Math.min(2 * waitMs, arrivalLookMs)) {
    const { current, unfinished } = await remote.fetchProgress(path, signal);
    if (current?.md5 === md5) return true;
    if (unfinished?.md5 !== md5) return false;
    const { received = 0 } = unfinished;
    const isStuck = received > 0 && received < size && received === before;
    const waitedMs = clock.now() - begun;
    // Less than nothing where the clock was set back.
    if (isStuck || waitedMs >= patienceMs || waitedMs < 0) return false;
    before = received;
    await clock.sleep(waitMs, signal);
  }
}
