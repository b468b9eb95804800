import type { Gap } from './nfsDifferences.ts';
import type { Operation } from './operations.ts';

const without = (because: string, isOne: (step: Operation) => boolean): Gap => ({
  because,
  has: ({ steps }) => steps.some((step) => isOne(step.op === 'otherProcess' ? (step.operation as Operation) : step)),
});
const ops = (because: string, ...names: readonly string[]): Gap => without(because, ({ op }) => names.includes(op));

/** Why some cases are none for macOS: it, or the Python that runs them there, has no such call. */
export const macGaps: readonly Gap[] = [
  ops('macOS has no getdents(2)', 'listSome', 'listRest', 'rewind'),
  ops('macOS has no fallocate(2)', 'fallocate', 'posixFallocate'),
  ops('macOS has no copy_file_range(2)', 'copyRange'),
  ops('macOS has no syncfs(2)', 'sync'),
  ops('Python has no fdatasync on macOS', 'fdatasync'),
  without(
    'macOS has no such flag of open(2)',
    (step) => step.op === 'open' && /O_(NOATIME|PATH|TMPFILE)/.test(step.flags),
  ),
  without(
    'SEEK_DATA and SEEK_HOLE of macOS are refused on NFS',
    (step) => step.op === 'seek' && /DATA|HOLE/.test(step.whence),
  ),
];
