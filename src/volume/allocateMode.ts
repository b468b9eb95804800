import { ErrnoError } from '../base/errno.ts';
import type { AllocateMode } from '../vfs/ranges.ts';

/** Bits of fallocate(2)'s `mode`, from linux/falloc.h. */
const keepSize = 1;
const punchHole = 2;
const zeroRange = 0x10;

/** What fallocate(2)'s `mode` asks for. EOPNOTSUPP for the modes that move the bytes behind the range. */
export function parseAllocateMode(mode: number): AllocateMode {
  const keeps = (mode & keepSize) !== 0;
  if ((mode & ~keepSize) === 0) return { what: 'allocate', keepSize: keeps };
  // A hole is only punched with the size kept; the kernel has checked that.
  const zeroes = (mode & ~keepSize) === zeroRange || mode === (punchHole | keepSize);
  if (!zeroes) throw new ErrnoError('EOPNOTSUPP', 'not that way of allocating');
  return { what: 'zero', keepSize: keeps };
}
