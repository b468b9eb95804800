import { createHash } from 'node:crypto';
import type { NativeTarget } from './targets.ts';

/*
 * What the binding for macOS does wrong, and no option nor answer of ours can set right. Until a release of it does better, some
 * instructions are others in what we ship.
 *
 * It refuses a change of attributes whole when it comes with a creation time, a backup time or flags, which Finder and `cp -p`
 * send with every copy: the copy then fails, or loses its mode and time. The volume keeps none of the three, and the rest is to
 * be done: the mask of the condition becomes 0. In its source:
 *
 *   if ((requested & (FUSE_SET_ATTR_BTIME | FUSE_SET_ATTR_BKUPTIME | FUSE_SET_ATTR_FLAGS)) != 0) return -EOPNOTSUPP;
 *
 * It takes no creation time from us (populate_stat reads three times) and tells macFUSE that of a `struct stat` full of zeros:
 * "Date Created" is 1970. The time of the last change is told in its place. In its source, of getattr:
 *
 *   destination->btimespec = source->st_birthtimespec;
 */

interface Mend {
  /** Instructions that occur once. */
  readonly from: string;
  /** As many bytes. */
  readonly to: string;
}

const mends: Partial<Record<NativeTarget, readonly Mend[]>> = {
  'darwin-arm64': [
    // mov w8, #0xd0000000; tst w22, w8  ->  mov w8, #0; tst w22, w8
    { from: '0800ba52df02086a', to: '08008052df02086a' },
    // ldp q0, q1, [sp, #64]; stur q0, [x19, #56]  ->  ldr q0, [sp, #64]; …: the time of the last change is in q1, and stays there
    { from: 'e00742ad6082833c', to: 'e013c03d6082833c' },
  ],
  'darwin-x64': [
    // test r12d, 0xd0000000  ->  test r12d, 0
    { from: '41f7c4000000d0', to: '41f7c400000000' },
    // movaps xmm0, [rbp - 96]; movups [rbx + 72], xmm0  ->  movaps xmm0, [rbp - 128]; …
    { from: '0f2845a00f114348', to: '0f2845800f114348' },
  ],
};

/** The binding of a target as it is shipped. @throws Error when it is not the one that the mends were made for */
export function mendBinding(target: NativeTarget, binding: Buffer): Buffer {
  const wanted = mends[target];
  if (wanted === undefined) return binding;
  const mended = Buffer.from(binding);
  for (const mend of wanted) {
    const from = Buffer.from(mend.from, 'hex');
    const at = binding.indexOf(from);
    if (at < 0 || binding.indexOf(from, at + 1) >= 0) throw new Error(`the binding of ${target} is another one: ${at}`);
    Buffer.from(mend.to, 'hex').copy(mended, at);
  }
  signAgain(mended);
  return mended;
}

/** Are the instructions the others, and does the signature, where there is one, fit? */
export function isMended(target: NativeTarget, binding: Buffer): boolean {
  const wanted = mends[target];
  if (wanted === undefined) return true;
  const has = (code: string) => binding.includes(Buffer.from(code, 'hex'));
  const areAll = wanted.every(({ from, to }) => has(to) && !has(from));
  return areAll && getPages(binding).every(({ stored, computed }) => stored.equals(computed));
}

/** An ad-hoc signature, which is what the binding has, is the hashes of its pages and no key: they are computed anew. */
function signAgain(binding: Buffer): void {
  for (const { stored, computed } of getPages(binding)) computed.copy(stored);
}

/** `stored` is a view of the file. From <mach-o/loader.h> and <Security/CSCommon.h>; numbers of a signature are big-endian. */
function getPages(binding: Buffer): { stored: Buffer; computed: Buffer }[] {
  const directory = findCodeDirectory(binding);
  if (directory === undefined) return [];
  const hashes = directory.readUInt32BE(16);
  const count = directory.readUInt32BE(28);
  const end = directory.readUInt32BE(32);
  const hashBytes = directory.readUInt8(36);
  const pageBytes = 2 ** directory.readUInt8(39);
  if (directory.readUInt8(37) !== 2 || hashBytes !== 32) throw new Error('the signature is not of SHA-256');
  return Array.from({ length: count }, (_, index) => {
    const page = binding.subarray(index * pageBytes, Math.min((index + 1) * pageBytes, end));
    const stored = directory.subarray(hashes + index * hashBytes, hashes + (index + 1) * hashBytes);
    return { stored, computed: createHash('sha256').update(page).digest() };
  });
}

function findCodeDirectory(binding: Buffer): Buffer | undefined {
  const [signatureCommand, directoryMagic, keySignatureSlot] = [0x1d, 0xfade0c02, 0x10000];
  let at = 32;
  for (let left = binding.readUInt32LE(16); left > 0; left -= 1) {
    if (binding.readUInt32LE(at) === signatureCommand) {
      const blob = binding.subarray(binding.readUInt32LE(at + 8));
      const slots = Array.from({ length: blob.readUInt32BE(8) }, (_, index) => ({
        type: blob.readUInt32BE(12 + index * 8),
        part: blob.subarray(blob.readUInt32BE(16 + index * 8)),
      }));
      const signed = slots.find(({ type, part }) => type === keySignatureSlot && part.readUInt32BE(4) > 8);
      if (signed !== undefined) throw new Error('the binding is signed with a key, which a change would break');
      const directories = slots.filter(({ part }) => part.readUInt32BE(0) === directoryMagic);
      if (directories.length !== 1) throw new Error(`${directories.length} code directories in the signature`);
      return directories[0]?.part;
    }
    at += binding.readUInt32LE(at + 4);
  }
  return undefined;
}
