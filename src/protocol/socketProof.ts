import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Duplex } from 'node:stream';

/**
 * How a window and the drive know each other before the first message. Both know the secret (socketSecret.ts), which is not sent:
 *
 *   window → drive  nonce
 *   drive → window  nonce
 *   window → drive  HMAC-SHA-256(secret, "window", both nonces)
 *   drive → window  HMAC-SHA-256(secret, "drive", both nonces)
 *
 * A stranger who connects to the drive gets a nonce at most, one who listens in its place gets nothing that is of use again.
 * It does not bind what follows: somebody who could connect to the real drive could pass the messages on.
 */

const nonceBytes = 32;
const proofBytes = 32;

/** A drive that starts on a busy computer answers within one; until then others cannot be told from it. ms. */
const proofDeadlineMs = 5_000;

/**
 * `wrong`: it has another secret or none. `silent`: it did not say enough in time. `gone`: it left. `noSecret`: there is no drive
 * that it could be.
 */
export type ProofOutcome = 'proved' | 'wrong' | 'silent' | 'gone' | 'noSecret';

type Role = 'window' | 'drive';
type Nonces = Readonly<Record<Role, Buffer>>;

/** The window's end. All but `proved` destroy `stream`; what the drive sent after its proof is still to be read from it. */
export async function proveToDrive(
  stream: Duplex,
  secret: Buffer | undefined,
  deadlineMs = proofDeadlineMs,
): Promise<ProofOutcome> {
  if (secret === undefined) {
    stream.destroy();
    return 'noSecret';
  }
  return bound(stream, deadlineMs, async (read) => {
    const window = randomBytes(nonceBytes);
    stream.write(window);
    const nonces = { window, drive: await read(nonceBytes) };
    stream.write(makeProof(secret, 'window', nonces));
    return timingSafeEqual(await read(proofBytes), makeProof(secret, 'drive', nonces));
  });
}

/** The drive's end, which says nothing about the secret to who does not know it. As `proveToDrive` else. */
export function proveToWindow(stream: Duplex, secret: Buffer, deadlineMs = proofDeadlineMs): Promise<ProofOutcome> {
  return bound(stream, deadlineMs, async (read) => {
    const nonces = { window: await read(nonceBytes), drive: randomBytes(nonceBytes) };
    stream.write(nonces.drive);
    if (!timingSafeEqual(await read(proofBytes), makeProof(secret, 'window', nonces))) return false;
    stream.write(makeProof(secret, 'drive', nonces));
    return true;
  });
}

/** Neither can be sent back to its maker as the other's, nor be used for another connection. */
function makeProof(secret: Buffer, role: Role, { window, drive }: Nonces): Buffer {
  return createHmac('sha256', secret).update(role).update(window).update(drive).digest();
}

async function bound(
  stream: Duplex,
  deadlineMs: number,
  exchange: (read: (bytes: number) => Promise<Buffer>) => Promise<boolean>,
): Promise<ProofOutcome> {
  const end = new AbortController();
  let failure: ProofOutcome = 'gone';
  const timer = setTimeout(() => {
    failure = 'silent';
    end.abort();
  }, deadlineMs);
  const onGone = () => end.abort();
  const endings = ['end', 'close', 'error'] as const;
  for (const ending of endings) stream.on(ending, onGone);
  if (stream.destroyed) onGone();
  let outcome: ProofOutcome;
  try {
    outcome = (await exchange((bytes) => readExactly(stream, bytes, end.signal))) ? 'proved' : 'wrong';
  } catch (error) {
    if (!end.signal.aborted) throw error;
    outcome = failure;
  }
  // It may have left after its last word.
  if (outcome === 'proved' && stream.destroyed) outcome = 'gone';
  if (outcome !== 'proved') stream.destroy();
  clearTimeout(timer);
  for (const ending of endings) stream.off(ending, onGone);
  return outcome;
}

/** What follows the bytes stays in the stream, which reads no further ahead than its buffer is large. */
function readExactly(stream: Duplex, bytes: number, signal: AbortSignal): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      stream.off('readable', look);
      signal.removeEventListener('abort', refuse);
    };
    const refuse = () => {
      stop();
      reject(signal.reason);
    };
    const look = () => {
      const chunk: Buffer | null = stream.read(bytes);
      // Fewer come at the end of the stream alone.
      if (chunk?.length !== bytes) return;
      stop();
      resolve(chunk);
    };
    if (signal.aborted) return refuse();
    signal.addEventListener('abort', refuse);
    stream.on('readable', look);
    look();
  });
}
