import type { PosixCase } from './cases/case.ts';
import type { Differences } from './differences.ts';
import type { Operation, Result } from './operations.ts';

const value = (given: unknown): Result => ({ value: given });
const error = (name: string): Result => ({ error: name });

const times = 'Times are shown from 1970 to 2106: others as the nearest.';
const holes = 'SEEK_DATA, SEEK_HOLE | all of a file is data';

/** What holds only where the volume is served by NFS. */
export const nfsDifferences: Differences = {
  'a name that is not UTF-8': {
    because: 'a name, link target or path that is not UTF-8 | EINVAL',
    answers: { 0: error('EINVAL'), 1: error('EINVAL'), 2: value([]) },
  },
  'an unlinked open file has no links left': {
    because: 'fstat of an open file that was removed | one link',
    answers: { 3: value({ nlink: 1 }) },
  },
  'a time before 1970 and one after 2038 are kept': {
    because: times,
    answers: { 2: value({ mtime: '0.000000000' }) },
  },
  'half a second before 1970 is kept, over an upload and a remount': {
    because: times,
    answers: { 4: value({ mtime: '0.000000000' }), 6: value({ mtime: '0.000000000' }) },
  },
  'SEEK_DATA and SEEK_HOLE find the holes of a file being written': {
    because: holes,
    answers: { 3: value(327_680), 4: value(65_536), 5: value(327_680), 6: value(262_144) },
  },
  'a file grown by truncate is a hole': {
    because: holes,
    answers: { 2: value(0), 3: value(655_360) },
  },
};

/** What the protocol has no words for. */
interface Beyond {
  readonly because: string;
  readonly isOne: (step: Operation) => boolean;
}

const beyond: readonly Beyond[] = [
  { because: 'extended attributes | EOPNOTSUPP', isOne: ({ op }) => op.endsWith('xattr') },
  {
    because: 'a rename that exchanges, or must not replace | EINVAL',
    isOne: (step) => step.op === 'rename' && (step.flags === 'EXCHANGE' || step.flags === 'NOREPLACE'),
  },
  { because: 'fallocate | EOPNOTSUPP', isOne: ({ op }) => op === 'fallocate' },
];

/** Has NFSv3 no words for it? */
export const isBeyondNfs = (step: Operation): boolean => beyond.some(({ isOne }) => isOne(step));

/** Why some cases are none for a volume that is served by NFS. */
export interface Gap {
  readonly because: string;
  readonly has: (each: PosixCase) => boolean;
}

export const nfsGaps: readonly Gap[] = [
  ...beyond.map(({ because, isOne }) => ({ because, has: ({ steps }: PosixCase) => steps.some(isOne) })),
  {
    because: 'another spelling of a name that was just used | as it was, for up to 1 s',
    has: ({ name }) => name === 'names are stored in NFC',
  },
  {
    because: 'fstat of an open folder that was removed | ESTALE, or as it was for up to 1 s',
    has: ({ name }) => name === 'a removed folder that is open lists nothing and takes nothing',
  },
];

export const isForNfs = (each: PosixCase): boolean => !nfsGaps.some(({ has }) => has(each));
