import type { Socket } from 'node:net';
import { nfsLimits } from './limits.ts';

const lastFragment = 0x8000_0000;

/**
 * Takes records (RFC 5531 §11) from a connection and sends the answers. `answer` gets each whole record, several at a time;
 * undefined sends nothing. A record that is too long, or a fragment without end, ends the connection before it is kept.
 */
export function serveRecords(socket: Socket, answer: (record: Buffer) => Promise<Buffer[] | undefined>): void {
  let pending: Buffer = Buffer.alloc(0);
  /** Chunks that came while the fragment was not whole, and how many bytes are missing: joined once, not with each. */
  let chunks: Buffer[] = [];
  let missing = 4;
  let fragments: Buffer[] = [];
  let kept = 0;
  let running = 0;
  let emptyFragments = 0;

  const mayRead = () => running < nfsLimits.callsPerConnection && socket.writableLength < nfsLimits.unsentBytes;
  const look = () => {
    if (socket.destroyed) return;
    if (mayRead()) socket.resume();
    else socket.pause();
  };
  const send = (parts: readonly Buffer[]) => {
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    const header = Buffer.alloc(4);
    header.writeUInt32BE((lastFragment | length) >>> 0, 0);
    socket.cork();
    socket.write(header);
    for (const part of parts) socket.write(part);
    socket.uncork();
  };
  const run = (record: Buffer) => {
    running += 1;
    answer(record).then(
      (parts) => {
        running -= 1;
        if (parts !== undefined && !socket.destroyed) send(parts);
        look();
      },
      (error: unknown) => socket.destroy(error as Error),
    );
  };
  /** Works through what is there. Answers how many bytes more make a difference; NaN once the connection has ended. */
  const consume = (): number => {
    for (;;) {
      if (pending.length < 4) return 4 - pending.length;
      const mark = pending.readUInt32BE(0);
      const length = mark % lastFragment;
      emptyFragments = length === 0 ? emptyFragments + 1 : 0;
      if (kept + length > nfsLimits.recordBytes || emptyFragments > 16) {
        socket.destroy();
        return Number.NaN;
      }
      if (pending.length < 4 + length) return 4 + length - pending.length;
      fragments.push(pending.subarray(4, 4 + length));
      kept += length;
      pending = pending.subarray(4 + length);
      if (mark < lastFragment) continue;
      const record = fragments.length === 1 ? (fragments[0] as Buffer) : Buffer.concat(fragments);
      fragments = [];
      kept = 0;
      run(record);
    }
  };

  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    missing -= chunk.length;
    if (missing > 0) return;
    pending = pending.length === 0 && chunks.length === 1 ? chunk : Buffer.concat([pending, ...chunks]);
    chunks = [];
    missing = consume();
    look();
  });
  socket.on('drain', look);
  socket.on('error', () => {});
}
