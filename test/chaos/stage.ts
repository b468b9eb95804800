import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Counts } from './counts.ts';
import type { Disk } from './disk.ts';
import type { DriveProcess } from './driveProcess.ts';
import type { Answer, Hands } from './hands.ts';
import type { Handle, Model } from './model.ts';
import type { OperationName, Operations } from './worker.ts';

/** What goes wrong with the server right now, or did a moment ago: tells which errors a reader may see. */
export interface Weather {
  /** Faults that strike requests are on. */
  faults: boolean;
  /** Downloads may arrive with wrong bytes, or be checked against a wrong md5. */
  corrupt: boolean;
  signedOut: boolean;
  /** A death may have taken a token along that was just renewed: that costs the sign-in. */
  killed: boolean;
  outage: boolean;
  /** The power was cut. */
  powerCut: boolean;
}

/** What lanes, disturbances and checks share. */
export interface Stage {
  readonly model: Model;
  readonly hands: Hands;
  readonly drive: DriveProcess;
  readonly disk: Disk;
  readonly counts: Counts;
  readonly weather: Weather;
  /** The mountpoint `/Jotta/Archive` in the volume. One level down, so that nothing can be written to the folder beneath the mount. */
  readonly top: string;
  /** A folder of this computer, for what is uploaded and downloaded. */
  readonly local: string;
  /** Content of any revision that the server ever finished. */
  load(md5: string): Promise<Buffer | undefined>;
  readonly history: History;
}

/** A file of so many bytes is checked against its md5 before it is read (SEMANTICS.md, read). */
const checkedBytes = 1024 * 1024;

/**
 * May so many bytes that were read be spoilt? Nothing tells a reader of a part of a large file that it was spoilt on its way;
 * what was lies in the cache from then on.
 */
export function mayBeSpoilt({ weather, counts }: Stage, size: number): boolean {
  return size > checkedBytes && (weather.corrupt || counts.faults.has('corrupt'));
}

/** Everything that was done, in order, for whoever reads a violation. */
export interface History {
  add(line: string): void;
  /** Lines since the last call. */
  take(): string[];
}

export function createHistory(file: string): History {
  let lines: string[] = [];
  return {
    add: (line) => {
      const text = `${new Date().toISOString()} ${line}`;
      lines.push(text);
      appendFileSync(file, `${text}\n`);
    },
    take: () => {
      const taken = lines;
      lines = [];
      return taken;
    },
  };
}

export type Outcome<V> = Answer<V> & {
  /** The drive was away at some time during the operation: an error says nothing. */
  readonly disturbed: boolean;
  /** Running out of disk space is a fair answer. */
  readonly mayBeFull: boolean;
  /** It was called off before it answered an error. */
  readonly cancelled: boolean;
};

export type Value<N extends OperationName> = Awaited<ReturnType<Operations[N]>>;

/** One operation by path, begun when the volume is there. */
export async function perform<N extends OperationName>(
  stage: Stage,
  lane: string,
  name: N,
  path: string,
  ...rest: Tail<Parameters<Operations[N]>>
): Promise<Outcome<Value<N>>> {
  await stage.drive.whenUp;
  // `rename` is the one operation with two paths.
  const given = name === 'rename' ? [join(stage.top, String(rest[0]))] : rest;
  const args = [join(stage.top, path), ...given] as unknown as Parameters<Operations[N]>;
  return observe(stage, `${lane} ${name} ${path} ${rest.map(String).join(' ')}`, () => stage.hands.call(name, ...args));
}

/** One operation on a descriptor; whatever became of the drive. */
export async function performOn<N extends OperationName>(
  stage: Stage,
  lane: string,
  name: N,
  path: string,
  handle: Handle,
  ...rest: Tail<Parameters<Operations[N]>>
): Promise<Outcome<Value<N>>> {
  const args = [handle.id, ...rest] as unknown as Parameters<Operations[N]>;
  const shown = rest.map((arg) => (Buffer.isBuffer(arg) ? `${arg.length} bytes` : String(arg))).join(' ');
  const outcome = await observe(stage, `${lane} ${name} #${handle.id} ${path} ${shown}`, () =>
    stage.hands.call(name, ...args),
  );
  return handle.epoch === stage.drive.epoch ? outcome : { ...outcome, disturbed: true };
}

export async function observe<V>(stage: Stage, what: string, work: () => Promise<Answer<V>>): Promise<Outcome<V>> {
  const { drive, disk, history, counts } = stage;
  const { epoch, isBeingEjected } = drive;
  const { full, fills } = disk;
  const answer = await work();
  // The kernel may know of a death before we do.
  const isCut = answer.code === 'ENOTCONN' || answer.code === 'ECONNABORTED';
  const disturbed = isCut || isBeingEjected || drive.isBeingEjected || !drive.isUp || drive.epoch !== epoch;
  counts.operations += 1;
  if (answer.code === 'ENOSPC') counts.outOfSpace += 1;
  const result = answer.code ?? (typeof answer.value === 'number' ? `#${answer.value}` : 'ok');
  history.add(`${what} -> ${result}${disturbed ? ' (drive away)' : ''}`);
  return { ...answer, disturbed, mayBeFull: full || disk.fills !== fills, cancelled: answer.code === 'ECANCELED' };
}

export type Tail<T extends readonly unknown[]> = T extends readonly [unknown, ...infer R] ? R : never;
