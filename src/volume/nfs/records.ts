import type { Socket } from 'node:net';
import { nfsLimits } from './limits.ts';

const lastFragment = 0x8000_0000;

/** Fragments of no bytes in a row, which no client sends. */
const mostEmptyFragments = 16;

/** Puts the records of a connection together (RFC 5531 §11). */
class RecordReader {
  #pending: Buffer = Buffer.alloc(0);
  /** Chunks that came while the fragment was not whole, and how many bytes are missing: joined once, not with each. */
  #chunks: Buffer[] = [];
  #missing = 4;
  #fragments: Buffer[] = [];
  #kept = 0;
  #emptyFragments = 0;

  /** Answers the records that `chunk` completes; undefined where one is too long, or a fragment has no end. */
  push(chunk: Buffer): Buffer[] | undefined {
    this.#chunks.push(chunk);
    this.#missing -= chunk.length;
    if (this.#missing > 0) return [];
    const isAll = this.#pending.length === 0 && this.#chunks.length === 1;
    this.#pending = isAll ? chunk : Buffer.concat([this.#pending, ...this.#chunks]);
    this.#chunks = [];
    const records: Buffer[] = [];
    for (;;) {
      const length = this.#pending.length < 4 ? 0 : this.#pending.readUInt32BE(0) % lastFragment;
      this.#missing = 4 + length - this.#pending.length;
      if (this.#pending.length < 4) return records;
      this.#emptyFragments = length === 0 ? this.#emptyFragments + 1 : 0;
      if (this.#kept + length > nfsLimits.recordBytes || this.#emptyFragments > mostEmptyFragments) return undefined;
      if (this.#missing > 0) return records;
      const record = this.#takeFragment(length);
      if (record !== undefined) records.push(record);
    }
  }

  /** Answers the record that it is the last fragment of. */
  #takeFragment(length: number): Buffer | undefined {
    const isLast = this.#pending.readUInt32BE(0) >= lastFragment;
    this.#fragments.push(this.#pending.subarray(4, 4 + length));
    this.#kept += length;
    this.#pending = this.#pending.subarray(4 + length);
    if (!isLast) return undefined;
    const record = this.#fragments.length === 1 ? (this.#fragments[0] as Buffer) : Buffer.concat(this.#fragments);
    this.#fragments = [];
    this.#kept = 0;
    return record;
  }
}

/**
 * Takes records from a connection and sends the answers. `answer` gets each whole record, several at a time; undefined sends
 * nothing. A record that is too long, or a fragment without end, ends the connection before it is kept.
 */
export function serveRecords(socket: Socket, answer: (record: Buffer) => Promise<Buffer[] | undefined>): void {
  const reader = new RecordReader();
  let running = 0;

  const mayRead = () => running < nfsLimits.callsPerConnection && socket.writableLength < nfsLimits.unsentBytes;
  const look = () => {
    if (socket.destroyed) return;
    if (mayRead()) socket.resume();
    else socket.pause();
  };
  const run = (record: Buffer) => {
    running += 1;
    answer(record).then(
      (parts) => {
        running -= 1;
        if (parts !== undefined && !socket.destroyed) sendRecord(socket, parts);
        look();
      },
      (error: unknown) => socket.destroy(error as Error),
    );
  };

  socket.on('data', (chunk: Buffer) => {
    const records = reader.push(chunk);
    if (records === undefined) {
      socket.destroy();
      return;
    }
    for (const record of records) run(record);
    look();
  });
  socket.on('drain', look);
  socket.on('error', () => {});
}

function sendRecord(socket: Socket, parts: readonly Buffer[]): void {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const header = Buffer.alloc(4);
  header.writeUInt32BE((lastFragment | length) >>> 0, 0);
  socket.cork();
  socket.write(header);
  for (const part of parts) socket.write(part);
  socket.uncork();
}
