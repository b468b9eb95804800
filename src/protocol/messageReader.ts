import type { Socket } from 'node:net';
import { AbstractMessageReader, type DataCallback, Disposable } from 'vscode-jsonrpc/node';

/** Bytes; one of ours has 25. */
const longestHeader = 1_024;
const headerEnd = '\r\n\r\n';
const lengthLine = /^content-length: *([1-9]\d{0,9})$/im;
const nothing = Buffer.alloc(0);

/**
 * Reads messages from a socket (a `Content-Length` header and JSON, as vscode-jsonrpc writes them), none of them longer than
 * `longestMessage` bytes. vscode-jsonrpc's own reader keeps whatever comes until it is whole. Who sends anything else is let go,
 * and `onError` told of it: where the next message would begin is not known any more.
 */
export class BoundedMessageReader extends AbstractMessageReader {
  readonly #socket: Socket;
  readonly #longestMessage: number;
  /** The beginning of a header whose end has not come. */
  #header = nothing;
  /** The message that is being read; undefined while its header is. */
  #message: Buffer | undefined;
  #filled = 0;

  constructor(socket: Socket, longestMessage: number) {
    super();
    this.#socket = socket;
    this.#longestMessage = longestMessage;
  }

  listen(callback: DataCallback): Disposable {
    const onData = (chunk: Buffer) => {
      try {
        let rest = chunk;
        while (rest.length > 0) {
          rest = this.#message === undefined ? this.#readHeader(rest) : this.#fill(this.#message, rest, callback);
        }
      } catch (error) {
        this.#socket.off('data', onData);
        this.#message = undefined;
        this.fireError(error);
        this.#socket.destroy();
      }
    };
    this.#socket.on('data', onData);
    this.#socket.on('error', (error) => this.fireError(error));
    this.#socket.on('close', () => this.fireClose());
    return Disposable.create(() => this.#socket.off('data', onData));
  }

  /** Answers what follows the header. */
  #readHeader(chunk: Buffer): Buffer {
    const known = Buffer.concat([this.#header, chunk]);
    const end = known.indexOf(headerEnd);
    if ((end === -1 ? known.length : end) > longestHeader) throw new Error('a message has too long a header');
    this.#header = end === -1 ? known : nothing;
    if (end === -1) return nothing;
    const length = lengthLine.exec(known.toString('latin1', 0, end))?.[1];
    if (length === undefined) throw new Error('a message does not say how long it is');
    if (Number(length) > this.#longestMessage) throw new Error(`a message of ${length} bytes is too long`);
    this.#message = Buffer.allocUnsafe(Number(length));
    this.#filled = 0;
    return known.subarray(end + headerEnd.length);
  }

  /** Answers what follows the message. */
  #fill(message: Buffer, chunk: Buffer, callback: DataCallback): Buffer {
    const taken = chunk.copy(message, this.#filled);
    this.#filled += taken;
    if (this.#filled === message.length) {
      this.#message = undefined;
      callback(JSON.parse(message.toString()));
    }
    return chunk.subarray(taken);
  }
}
