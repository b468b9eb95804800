import Fuse from 'fuse-native';
import { describeTime } from '../operations.ts';
import type { Field, Time } from '../steps.ts';
import { kindOf, type Stats } from './kernel.ts';

/** The fields of a stat as worker/worker.py reports them. */
export function report(stats: Stats, fields: readonly Field[]): unknown {
  const kind = kindOf(stats);
  const own = stats.uid === process.getuid?.() && stats.gid === process.getgid?.();
  const everything: Record<Field, unknown> = {
    kind,
    size: kind === 'folder' ? null : Number(stats.size),
    mode: kind === 'link' ? null : showMode(stats),
    nlink: Number(stats.nlink),
    mtime: showTime(stats.mtime),
    atime: showTime(stats.atime),
    owner: own ? 'self' : 'other',
    blocks: Number(stats.blocks),
  };
  return Object.fromEntries(fields.map((field) => [field, everything[field]]));
}

export const showMode = ({ mode }: Stats) => `0o${(mode & 0o7777).toString(8)}`;

export const showTime = ({ seconds, nanoseconds }: Fuse.Timespec) => describeTime(Number(seconds), nanoseconds);

/** What `since` compares. */
export interface Moment {
  readonly mtime: bigint;
  readonly ctime: bigint;
  readonly ino: bigint;
}

export function moment({ mtime, ctime, ino }: Stats): Moment {
  const ns = BigInt(mtime.seconds) * 1_000_000_000n + BigInt(mtime.nanoseconds);
  return { mtime: ns, ctime: BigInt(Math.round(ctime)), ino: BigInt(ino) };
}

export function toTimespec(time: Time): Fuse.Timespec {
  if (time === 'now') return { seconds: 0, nanoseconds: Fuse.UTIME_NOW };
  if (time === 'omit') return { seconds: 0, nanoseconds: Fuse.UTIME_OMIT };
  const [seconds = '', nanoseconds = ''] = time.split('.');
  return { seconds: Number(seconds), nanoseconds: Number(nanoseconds) };
}
