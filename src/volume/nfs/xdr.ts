/** Arguments that are not what the procedure takes: too short, too long, or out of range. */
export class XdrError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'XdrError';
  }
}

/** Reads RFC 4506 data from one record. Lengths are checked against the record before anything is cut out of it. */
export class XdrReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  #take(length: number): number {
    const at = this.#at;
    if (length > this.#bytes.length - at) throw new XdrError('the record ends too early');
    this.#at = at + length;
    return at;
  }

  u32(): number {
    return this.#bytes.readUInt32BE(this.#take(4));
  }

  /** As a number: above 2^53 it is not exact, and larger than every file and every cookie there is. */
  u64(): number {
    const at = this.#take(8);
    return this.#bytes.readUInt32BE(at) * 2 ** 32 + this.#bytes.readUInt32BE(at + 4);
  }

  bool(): boolean {
    const value = this.u32();
    if (value > 1) throw new XdrError('neither true nor false');
    return value === 1;
  }

  /** A view into the record, not a copy. */
  fixed(length: number): Buffer {
    const at = this.#take(length);
    this.#take(-length & 3);
    return this.#bytes.subarray(at, at + length);
  }

  opaque(longest: number): Buffer {
    const length = this.u32();
    if (length > longest) throw new XdrError(`${length} bytes where at most ${longest} are taken`);
    return this.fixed(length);
  }

  /** undefined for bytes that are not UTF-8. */
  text(longest: number): string | undefined {
    const bytes = this.opaque(longest);
    const text = bytes.toString('utf8');
    return Buffer.from(text, 'utf8').equals(bytes) ? text : undefined;
  }
}

/** From here on bytes are passed on as they are, not copied. */
const copiedBytes = 4096;

/** Writes RFC 4506 data. Large byte strings are not copied: `finish` answers a list of buffers. */
export class XdrWriter {
  readonly #parts: Buffer[] = [];
  #chunk = Buffer.allocUnsafe(512);
  #used = 0;
  #finished = 0;

  /** Bytes so far. */
  get length(): number {
    return this.#finished + this.#used;
  }

  #room(length: number): number {
    if (this.#used + length > this.#chunk.length) {
      this.#close();
      this.#chunk = Buffer.allocUnsafe(Math.max(8192, length));
    }
    const at = this.#used;
    this.#used += length;
    return at;
  }

  #close(): void {
    if (this.#used > 0) this.#parts.push(this.#chunk.subarray(0, this.#used));
    this.#finished += this.#used;
    this.#chunk = this.#chunk.subarray(this.#used);
    this.#used = 0;
  }

  u32(value: number): this {
    const at = this.#room(4);
    this.#chunk.writeUInt32BE(value, at);
    return this;
  }

  u64(value: number): this {
    const at = this.#room(8);
    this.#chunk.writeUInt32BE(Math.floor(value / 2 ** 32), at);
    this.#chunk.writeUInt32BE(value % 2 ** 32, at + 4);
    return this;
  }

  bool(value: boolean): this {
    return this.u32(value ? 1 : 0);
  }

  fixed(bytes: Uint8Array): this {
    if (bytes.length < copiedBytes) {
      const at = this.#room(bytes.length);
      this.#chunk.set(bytes, at);
    } else {
      this.#close();
      this.#parts.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
      this.#finished += bytes.length;
    }
    const padding = -bytes.length & 3;
    if (padding > 0) {
      const at = this.#room(padding);
      this.#chunk.fill(0, at, at + padding);
    }
    return this;
  }

  opaque(bytes: Uint8Array): this {
    return this.u32(bytes.length).fixed(bytes);
  }

  text(value: string): this {
    return this.opaque(Buffer.from(value, 'utf8'));
  }

  finish(): Buffer[] {
    this.#close();
    return this.#parts;
  }
}
