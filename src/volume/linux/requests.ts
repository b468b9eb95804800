import { readFile } from 'node:fs/promises';
import { type ErrnoError, errnoNumber } from '../../base/errno.ts';
import { toErrno } from '../../vfs/errors.ts';
import type { Device } from './device.ts';
import { answerHeader, opcodes, readU64, requests, write64 } from './layouts.ts';
import { kernelLimits } from './limits.ts';
import { operationName, operations } from './operations.ts';
import { describeNode, parseRequest, type Reply, type Request, type Served } from './served.ts';

/** Answers to what the kernel asks about a node it was told of: the node is gone, and its name is to be looked up again. */
const aboutNodes: ReadonlySet<number> = new Set([opcodes.getattr, opcodes.setattr, opcodes.open, opcodes.getxattr]);

/** Requests that may wait for the network and change nothing: they can be given up. */
const abandonable: ReadonlySet<number> = new Set([
  opcodes.read,
  opcodes.lookup,
  opcodes.readdir,
  opcodes.readdirplus,
  opcodes.readlink,
]);

/** SIGKILL in the masks of /proc/…/status: what ends a process, by any signal, pends there as this one. */
const killed = 0x100n;

/** Takes requests from the device, has them done, and answers each once. */
export class Requests {
  readonly #served: Served;
  readonly #device: Device;
  readonly #out = Buffer.allocUnsafeSlow(answerHeader.bytes + kernelLimits.writeBytes);
  /** Under way and able to be given up, by `unique`. */
  readonly #waiting = new Map<number, { readonly opcode: number; readonly pid: number }>();
  readonly #ready = Promise.withResolvers<void>();

  constructor(served: Served, device: Device) {
    this.#served = served;
    this.#device = device;
    this.#ready.promise.catch(() => {});
  }

  /** Resolves when the kernel knows what we can do: the volume is usable. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** True when the request's buffer is used until it is given back. */
  receive(buffer: Buffer, length: number): boolean {
    const request = parseRequest(buffer, length);
    const { opcode, unique, node } = request;
    if (opcode === opcodes.interrupt) {
      void this.#interrupt(readU64(buffer, requests.interrupt.unique));
      return false;
    }
    this.#served.moved.noteRequest(request.pid, opcode, this.#served.ids.toIno(node));
    const operation = this.#served.repeats.find(request) ?? operations[opcode];
    if (operation === undefined) {
      this.#refuse(unique, errnoNumber('ENOSYS'));
      return false;
    }
    try {
      const reply = operation(this.#served, request);
      if (reply instanceof Promise) return this.#answerLater(request, reply);
      this.#answer(unique, reply);
      if (opcode === opcodes.init) this.#ready.resolve();
    } catch (error) {
      this.#fail(opcode, unique, node, error);
      if (opcode === opcodes.init) this.#ready.reject(error);
    }
    return false;
  }

  #answerLater({ opcode, unique, node, pid, buffer }: Request, reply: Promise<Reply>): boolean {
    const canWait = abandonable.has(opcode);
    const holds = opcode === opcodes.write;
    if (canWait) this.#waiting.set(unique, { opcode, pid });
    const isWanted = () => {
      if (holds) this.#device.giveBack(buffer);
      return !canWait || this.#waiting.delete(unique);
    };
    reply.then(
      (value) => {
        if (isWanted()) this.#answer(unique, value);
        else if (typeof value === 'object') value.giveBack();
      },
      (error: unknown) => {
        if (isWanted()) this.#fail(opcode, unique, node, error);
      },
    );
    return holds;
  }

  #answer(unique: number, reply: Reply): void {
    if (reply === undefined) return;
    const out = this.#out;
    write64(out, unique, answerHeader.unique);
    out.writeInt32LE(0, answerHeader.error);
    if (typeof reply !== 'function') {
      out.writeUInt32LE(answerHeader.bytes + reply.length, answerHeader.length);
      this.#device.send(out.subarray(0, answerHeader.bytes), ...reply.parts);
      reply.giveBack();
      return;
    }
    const length = reply(out);
    out.writeUInt32LE(length, answerHeader.length);
    this.#device.send(out.subarray(0, length));
  }

  #refuse(unique: number, errno: number): void {
    const out = this.#out;
    out.writeUInt32LE(answerHeader.bytes, answerHeader.length);
    out.writeInt32LE(-errno, answerHeader.error);
    write64(out, unique, answerHeader.unique);
    this.#device.send(out.subarray(0, answerHeader.bytes));
  }

  #fail(opcode: number, unique: number, node: number, error: unknown): void {
    const errno = toErrno(error);
    if (errno.code === 'EIO' || errno.cause !== undefined) this.#log(opcode, node, errno);
    this.#refuse(unique, numberOf(opcode, errno));
  }

  /** EIO is never answered without a line that names operation, path and cause. */
  #log(opcode: number, node: number, error: ErrnoError): void {
    const about = { operation: operationName(opcode), path: describeNode(this.#served, node), error };
    if (error.code === 'EIO') this.#served.view.log.error('file operation failed', about);
    else this.#served.view.log.info('file operation refused', about);
  }

  /**
   * A read that a signal interrupts ends at once. Anything else is given up only when its thread is dying: no program expects
   * stat(2) to be interrupted.
   */
  async #interrupt(unique: number): Promise<void> {
    const waiting = this.#waiting.get(unique);
    if (waiting === undefined) return;
    if (waiting.opcode !== opcodes.read && !(await isDying(waiting.pid))) return;
    if (this.#waiting.delete(unique)) this.#refuse(unique, errnoNumber('EINTR'));
  }
}

function numberOf(opcode: number, { code }: ErrnoError): number {
  return errnoNumber(code === 'ENOENT' && aboutNodes.has(opcode) ? 'ESTALE' : code);
}

async function isDying(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const pending = [...status.matchAll(/^(?:SigPnd|ShdPnd):\s*([0-9a-f]+)$/gm)].map((match) => BigInt(`0x${match[1]}`));
  return pending.some((mask) => (mask & killed) !== 0n);
}
