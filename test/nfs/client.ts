import net from 'node:net';
import { XdrReader, XdrWriter } from '../../src/volume/nfs/xdr.ts';
import {
  type Attributes,
  type Changes,
  readAttributes,
  readPostAttributes,
  readWcc,
  writeChanges,
} from './attributes.ts';

/** nfsstat3 of RFC 1813 that the tests name. */
export const nfsStatus = {
  ok: 0,
  noent: 2,
  io: 5,
  acces: 13,
  exist: 17,
  notdir: 20,
  rofs: 30,
  stale: 70,
  notSync: 10002,
  jukebox: 10008,
};

export const nfsProgram = 100003;
export const mountProgram = 100005;

export interface Reply {
  /** `accepted` and its state, or why the call was denied. */
  readonly outcome: 'success' | 'denied' | number;
  readonly result: XdrReader;
}

export interface Entry {
  readonly name: string;
  readonly fileid: number;
  readonly cookie: number;
  readonly handle: Buffer | undefined;
}

export interface CallOptions {
  readonly uid?: number | undefined;
  readonly program?: number;
  readonly version?: number;
  /** Sends this number instead of a new one: a repeated call. */
  readonly xid?: number;
}

/** An NFSv3 client of one TCP connection that does as it is told: what kernels would never send included. */
export class NfsClient {
  readonly #socket: net.Socket;
  readonly #uid: number;
  readonly #waiting = new Map<number, { resolve: (reply: Reply) => void; reject: (error: Error) => void }>();
  #pending = Buffer.alloc(0);
  #nextXid = 1;
  #answers = 0;

  private constructor(socket: net.Socket, uid: number) {
    this.#socket = socket;
    this.#uid = uid;
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('error', () => {});
    socket.on('close', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('the connection was closed'));
      this.#waiting.clear();
    });
  }

  static async connect(port: number, uid = process.getuid?.() ?? 0): Promise<NfsClient> {
    const socket = net.connect({ host: '127.0.0.1', port, noDelay: true });
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new NfsClient(socket, uid);
  }

  get closed(): boolean {
    return this.#socket.destroyed;
  }

  /** How many calls were answered. */
  get answers(): number {
    return this.#answers;
  }

  /** Resolves when the server has ended the connection. */
  untilClosed(): Promise<void> {
    if (this.#socket.destroyed) return Promise.resolve();
    return new Promise((resolve) => this.#socket.once('close', () => resolve()));
  }

  close(): void {
    this.#socket.destroy();
  }

  /** Takes no answers from now on. */
  pause(): void {
    this.#socket.pause();
  }

  sendBytes(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  /** The whole record of a call, with its mark. */
  encode(
    procedure: number,
    args: (writer: XdrWriter) => void,
    options: CallOptions = {},
  ): { xid: number; bytes: Buffer } {
    const xid = options.xid ?? this.#nextXid++;
    const writer = new XdrWriter()
      .u32(xid)
      .u32(0)
      .u32(2)
      .u32(options.program ?? nfsProgram)
      .u32(options.version ?? 3)
      .u32(procedure);
    if ('uid' in options && options.uid === undefined) writer.u32(0).u32(0);
    else {
      const uid = options.uid ?? this.#uid;
      const body = Buffer.concat(new XdrWriter().u32(0).text('test').u32(uid).u32(0).u32(0).finish());
      writer.u32(1).opaque(body);
    }
    writer.u32(0).u32(0);
    args(writer);
    const record = Buffer.concat(writer.finish());
    const mark = Buffer.alloc(4);
    mark.writeUInt32BE((0x8000_0000 | record.length) >>> 0);
    return { xid, bytes: Buffer.concat([mark, record]) };
  }

  call(procedure: number, args: (writer: XdrWriter) => void, options: CallOptions = {}): Promise<Reply> {
    const { xid, bytes } = this.encode(procedure, args, options);
    return new Promise((resolve, reject) => {
      if (this.closed) throw new Error('the connection was closed');
      this.#waiting.set(xid, { resolve, reject });
      this.#socket.write(bytes);
    });
  }

  #take(chunk: Buffer): void {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    while (this.#pending.length >= 4) {
      const length = this.#pending.readUInt32BE(0) & 0x7fff_ffff;
      if (this.#pending.length < 4 + length) return;
      const reader = new XdrReader(this.#pending.subarray(4, 4 + length));
      this.#pending = this.#pending.subarray(4 + length);
      this.#answers += 1;
      const xid = reader.u32();
      const waiting = this.#waiting.get(xid);
      this.#waiting.delete(xid);
      reader.u32();
      if (reader.u32() !== 0) {
        waiting?.resolve({ outcome: 'denied', result: reader });
        continue;
      }
      reader.u32();
      reader.opaque(400);
      const state = reader.u32();
      waiting?.resolve({ outcome: state === 0 ? 'success' : state, result: reader });
    }
  }

  async mount(path: string): Promise<Buffer | number> {
    const { result } = await this.call(1, (w) => w.text(path), { program: mountProgram });
    const status = result.u32();
    return status === 0 ? Buffer.from(result.opaque(64)) : status;
  }

  async #status(
    procedure: number,
    args: (writer: XdrWriter) => void,
    options?: CallOptions,
  ): Promise<{ status: number; result: XdrReader }> {
    const { outcome, result } = await this.call(procedure, args, options);
    if (outcome !== 'success') throw new Error(`the call was not run: ${outcome}`);
    return { status: result.u32(), result };
  }

  async getattr(handle: Buffer, options?: CallOptions): Promise<Attributes | number> {
    const { status, result } = await this.#status(1, (w) => w.opaque(handle), options);
    return status === 0 ? readAttributes(result) : status;
  }

  async lookup(folder: Buffer, name: string): Promise<Buffer | number> {
    const { status, result } = await this.#status(3, (w) => w.opaque(folder).text(name));
    return status === 0 ? Buffer.from(result.opaque(64)) : status;
  }

  async read(handle: Buffer, position: number, length: number): Promise<Buffer | number> {
    const { status, result } = await this.#status(6, (w) => w.opaque(handle).u64(position).u32(length));
    readPostAttributes(result);
    if (status !== 0) return status;
    result.u32();
    result.bool();
    return Buffer.from(result.opaque(2 ** 20));
  }

  /** `stable`: 0 unstable, 2 file sync. Answers the verifier. */
  async write(handle: Buffer, position: number, bytes: Buffer, stable = 0): Promise<Buffer | number> {
    const { status, result } = await this.#status(7, (w) =>
      w.opaque(handle).u64(position).u32(bytes.length).u32(stable).opaque(bytes),
    );
    readWcc(result);
    if (status !== 0) return status;
    result.u32();
    result.u32();
    return Buffer.from(result.fixed(8));
  }

  async commit(handle: Buffer): Promise<number> {
    return (await this.#status(21, (w) => w.opaque(handle).u64(0).u32(0))).status;
  }

  async create(
    folder: Buffer,
    name: string,
    how: 'unchecked' | 'guarded' | Buffer = 'guarded',
    options?: CallOptions,
  ): Promise<Buffer | number> {
    const { status, result } = await this.#status(
      8,
      (w) => {
        w.opaque(folder).text(name);
        if (Buffer.isBuffer(how)) w.u32(2).fixed(how);
        else writeChanges(w.u32(how === 'unchecked' ? 0 : 1), {});
      },
      options,
    );
    if (status !== 0) return status;
    result.bool();
    return Buffer.from(result.opaque(64));
  }

  async mkdir(folder: Buffer, name: string): Promise<Buffer | number> {
    const { status, result } = await this.#status(9, (w) => writeChanges(w.opaque(folder).text(name), {}));
    if (status !== 0) return status;
    result.bool();
    return Buffer.from(result.opaque(64));
  }

  async remove(folder: Buffer, name: string, options?: CallOptions): Promise<number> {
    return (await this.#status(12, (w) => w.opaque(folder).text(name), options)).status;
  }

  async rename(from: Buffer, fromName: string, to: Buffer, toName: string): Promise<number> {
    return (await this.#status(14, (w) => w.opaque(from).text(fromName).opaque(to).text(toName))).status;
  }

  async rmdir(folder: Buffer, name: string): Promise<number> {
    return (await this.#status(13, (w) => w.opaque(folder).text(name))).status;
  }

  /** `guard`: the ctime that the caller knows of. */
  async setattr(handle: Buffer, changes: Changes, guard?: { sec: number; nsec: number }): Promise<number> {
    const { status } = await this.#status(2, (w) => {
      writeChanges(w.opaque(handle), changes).bool(guard !== undefined);
      if (guard !== undefined) w.u32(guard.sec).u32(guard.nsec);
    });
    return status;
  }

  /** What an unmount tells the server. */
  async umount(path: string): Promise<void> {
    await this.call(3, (w) => w.text(path), { program: mountProgram });
  }

  /** One part of a listing. */
  async readdirplus(
    folder: Buffer,
    cookie: number,
    bytes: number,
  ): Promise<{ entries: Entry[]; end: boolean } | number> {
    const { status, result } = await this.#status(17, (w) =>
      w.opaque(folder).u64(cookie).fixed(Buffer.alloc(8)).u32(bytes).u32(bytes),
    );
    readPostAttributes(result);
    if (status !== 0) return status;
    result.fixed(8);
    const entries: Entry[] = [];
    while (result.bool()) {
      const fileid = result.u64();
      const name = result.opaque(1024).toString();
      const next = result.u64();
      readPostAttributes(result);
      entries.push({ name, fileid, cookie: next, handle: result.bool() ? Buffer.from(result.opaque(64)) : undefined });
    }
    return { entries, end: result.bool() };
  }

  async list(folder: Buffer, bytes = 8192): Promise<Entry[]> {
    const all: Entry[] = [];
    for (;;) {
      const part = await this.readdirplus(folder, all.at(-1)?.cookie ?? 0, bytes);
      if (typeof part === 'number') throw new Error(`readdirplus: ${part}`);
      all.push(...part.entries);
      if (part.end) return all;
    }
  }
}
