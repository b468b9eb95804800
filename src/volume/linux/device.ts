import fs from 'node:fs';
import net from 'node:net';
import { fsErrorCode } from '../../base/errno.ts';
import type { Log } from '../../base/log.ts';
import { kernelLimits } from './limits.ts';

/** Takes a whole request; true when its buffer is still used after that: `Device.giveBack` returns it then. */
export type Receiver = (buffer: Buffer, length: number) => boolean;

const requestBytes = kernelLimits.writeBytes + kernelLimits.headBytes;

/**
 * One open descriptor of /dev/fuse: requests come from it, one a read(2), answers and notices go to it, one a write(2).
 * Reading waits in the event loop, so that no thread of the pool is taken. The number is given back to the system only when
 * no thread is to write to it any more: the next file that is opened gets it, and the notice with it.
 */
export class Device {
  /** Resolves when no request comes any more: unmounted, or the connection was ended. */
  readonly gone: Promise<void>;
  readonly #fd: number;
  readonly #log: Log;
  readonly #spare: Buffer[] = [];
  readonly #ended = Promise.withResolvers<void>();
  /** Notices that a thread of the pool writes, or will write. */
  readonly #writing = new Set<Promise<void>>();
  #close: () => void = () => {};
  #open = true;

  /** Owns `fd` from now on. */
  constructor(fd: number, log: Log) {
    this.#fd = fd;
    this.#log = log;
    this.gone = this.#ended.promise;
  }

  /** Hands every request to `receive` from now on, until none comes any more. Throws, and is gone, where this Node cannot. */
  start(receive: Receiver): void {
    const end = () => {
      if (!this.#open) return;
      this.#open = false;
      this.#close();
      this.#ended.resolve();
    };
    try {
      this.#poll(receive, end);
    } catch (error) {
      fs.closeSync(this.#fd);
      end();
      throw error;
    }
  }

  /** One write(2) of these parts. What nobody waits for any more is dropped by the kernel. */
  send(...parts: Buffer[]): void {
    if (!this.#open) return;
    try {
      if (parts.length === 1) fs.writeSync(this.#fd, parts[0] as Buffer);
      else fs.writevSync(this.#fd, parts);
    } catch (error) {
      // The caller was killed, or the volume is going.
      if (!isExpected(error)) this.#log.error('an answer was not taken by the kernel', { error });
    }
  }

  /** Tells the kernel something that waits for no lock. Nothing happens when it knows no such thing. */
  tell(notice: Buffer): void {
    this.send(notice);
  }

  /** As `tell`, from a thread of the pool: for a notice that may wait for an operation that is to be answered here. */
  async tellSlowly(notice: Buffer): Promise<void> {
    if (!this.#open) return;
    const written = new Promise<void>((resolve) => {
      fs.write(this.#fd, notice, (error) => {
        if (error !== null && !isExpected(error)) this.#log.debug('the kernel was not notified', { error });
        resolve();
      });
    });
    this.#writing.add(written);
    await written;
    this.#writing.delete(written);
  }

  giveBack(buffer: Buffer): void {
    if (this.#spare.length < kernelLimits.spareBuffers) this.#spare.push(buffer);
  }

  #take(): Buffer {
    return this.#spare.pop() ?? Buffer.allocUnsafeSlow(requestBytes);
  }

  #poll(receive: Receiver, end: () => void): void {
    let current = this.#take();
    let used = false;
    const onread = {
      buffer: () => {
        if (used) current = this.#take();
        used = false;
        return current;
      },
      callback: (length: number, buffer: Uint8Array) => {
        used = receive(buffer as Buffer, length);
        return true;
      },
    };
    const handle = toHandle(this.#fd);
    const close = handle.close.bind(handle);
    handle.close = (done) => {
      end();
      if (this.#writing.size === 0) close(done);
      else void Promise.all(this.#writing).then(() => close(done));
    };
    const socket = new net.Socket({
      readable: true,
      writable: false,
      onread,
      handle,
    } as unknown as net.SocketConstructorOpts);
    this.#close = () => socket.destroy();
    // ENODEV is the unmount.
    socket.on('error', end);
    socket.on('close', end);
    socket.resume();
  }
}

/** ENOENT: the request was given up, or the kernel knows no such name or node. */
function isExpected(error: unknown): boolean {
  return ['ENOENT', 'ENODEV', 'ENOTDIR', 'ENOTCONN', 'ECONNABORTED'].includes(fsErrorCode(error) ?? '');
}

interface PipeHandle {
  open(fd: number): number;
  close(done: () => void): void;
}

/**
 * Node's handle of a unix socket over a descriptor of another kind. Node makes sockets of numbers only when it knows the kind of
 * descriptor; this handle takes every one that can be polled, and its class is had from a connection that is made for nothing else.
 */
function toHandle(fd: number): PipeHandle {
  const probe = net.connect('/dev/null/none');
  probe.on('error', () => {});
  const { _handle: made } = probe as unknown as { _handle: { constructor: new (type: number) => PipeHandle } | null };
  probe.destroy();
  if (made === null) throw new Error('this Node shows no handle of a socket');
  const handle = new made.constructor(0);
  if (handle.open(fd) !== 0) throw new Error('the descriptor cannot be polled');
  return handle;
}
