import { spawn } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { text } from 'node:stream/consumers';
import { fsErrorCode } from '../../base/errno.ts';
import { getInstallHint, hasProgram } from '../installHint.ts';
import { MountError } from '../mountError.ts';

/*
 * A volume is a descriptor of /dev/fuse that is mounted. `fusermount3` opens and mounts it for any user and sends it through
 * the unix socket whose number is in _FUSE_COMMFD. Node receives descriptors only on channels of its own, which take nothing
 * else, so recvmsg(2) is called by Node's foreign function interface: three calls a mount, none after it.
 */

interface Libc {
  socketpair(domain: number, type: number, protocol: number, pair: Buffer): number;
  recvmsg(socket: number, message: Buffer, flags: number): bigint;
  close(descriptor: number): number;
}

interface Ffi {
  dlopen(library: null, functions: object): { functions: Libc };
  getRawPointer(buffer: Buffer): bigint;
}

const device = '/dev/fuse';
const helper = 'fusermount3';

/** <sys/socket.h> on Linux. */
const unixSocket = 1;
const streamSocket = 1;
const closeOnExec = 0o2000000;
const dontWait = 0x40;
const descriptorCloseOnExec = 0x40000000;

/** Rejects with MountError: packageCannotMount where this Node.js has no foreign function interface. */
export async function checkDescriptor(): Promise<void> {
  if (process.platform !== 'linux') throw new Error('only Linux has this protocol');
  loadLibc();
  await access(device, constants.R_OK | constants.W_OK).catch((error) => {
    throw new MountError('fuseNotAllowed', { hint: 'sudo modprobe fuse' }, { cause: error });
  });
  if (!hasProgram(helper)) throw new MountError('fuseMissing', { hint: getInstallHint() });
}

/** Mounts on `mountPoint`; resolves with the descriptor, which is the caller's. Rejects with MountError. */
export async function mountDescriptor(mountPoint: string, options: readonly string[]): Promise<number> {
  const { libc, ffi } = loadLibc();
  const pair = Buffer.alloc(8);
  if (libc.socketpair(unixSocket, streamSocket | closeOnExec, 0, pair) !== 0) throw new Error('no socket pair');
  const [ours, theirs] = [pair.readInt32LE(0), pair.readInt32LE(4)];
  try {
    await runHelper(['-o', options.join(','), '--', mountPoint], theirs);
    return receive(libc, ffi, ours);
  } finally {
    libc.close(ours);
  }
}

function loadLibc(): { libc: Libc; ffi: Ffi } {
  const ffi = loadFfi();
  const signature = (result: string, ...args: string[]) => ({ return: result, arguments: args });
  const { functions } = ffi.dlopen(null, {
    socketpair: signature('int32', 'int32', 'int32', 'int32', 'buffer'),
    recvmsg: signature('int64', 'int32', 'buffer', 'int32'),
    close: signature('int32', 'int32'),
  });
  return { libc: functions, ffi };
}

/** Node says with a warning that the interface may change; nobody who mounts a volume can do anything about that. */
function loadFfi(): Ffi {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return createRequire(import.meta.url)('node:ffi') as Ffi;
  } catch (error) {
    throw new MountError('packageCannotMount', {}, { cause: error });
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** Runs fusermount3, `socket` as its descriptor 3. Closes `socket` here. */
async function runHelper(args: readonly string[], socket: number): Promise<void> {
  const child = spawn(helper, [...args], {
    stdio: ['ignore', 'ignore', 'pipe', socket],
    env: { ...process.env, _FUSE_COMMFD: '3', LC_ALL: 'C' },
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  loadLibc().libc.close(socket);
  try {
    const [code, said] = await Promise.all([ended, child.stderr === null ? '' : text(child.stderr)]);
    if (code !== 0) throw new MountError('fuseNotAllowed', { hint: 'sudo modprobe fuse' }, { cause: new Error(said) });
  } catch (error) {
    if (fsErrorCode(error) !== 'ENOENT') throw error;
    throw new MountError('fuseMissing', { hint: getInstallHint() }, { cause: error });
  }
}

/** Takes the descriptor out of the message that the helper has left in the socket. */
function receive(libc: Libc, ffi: Ffi, socket: number): number {
  const [byte, vector, control, message] = [Buffer.alloc(8), Buffer.alloc(16), Buffer.alloc(64), Buffer.alloc(56)];
  const point = (target: Buffer, at: Buffer, offset: number, length: number) => {
    at.writeBigUInt64LE(ffi.getRawPointer(target), offset);
    at.writeBigUInt64LE(BigInt(length), offset + 8);
  };
  // struct iovec { base, length }, then struct msghdr { name, its length, vector, count, control, its length, flags }.
  point(byte, vector, 0, 1);
  point(vector, message, 16, 1);
  point(control, message, 32, control.length);
  const received = Number(libc.recvmsg(socket, message, dontWait | descriptorCloseOnExec));
  // struct cmsghdr { length 8, level 4, type 4 } before the descriptor.
  const [controlLength, type] = [message.readUInt32LE(40), control.readInt32LE(12)];
  if (received <= 0 || controlLength < 20 || type !== 1) throw new Error(`${helper} sent no descriptor`);
  return control.readInt32LE(16);
}
