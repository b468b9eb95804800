import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { LocalFile } from '../../../src/base/localFile.ts';

/** What a disk may hold of bytes that it was handed and not asked to keep. */
export const remainders = {
  nothing: () => undefined,
  'an empty file': () => Buffer.alloc(0),
  zeros: (bytes: Buffer) => Buffer.alloc(bytes.length),
  'the first half': (bytes: Buffer) => bytes.subarray(0, bytes.length / 2),
  'all of them': (bytes: Buffer) => bytes,
} as const;
export type Remainder = keyof typeof remainders;

interface Kept {
  /** As programs see it. */
  readonly bytes: Buffer;
  /** As of the last fdatasync; undefined when there was none. */
  readonly synced: Buffer | undefined;
}

/** The state of one account at one moment: as programs see it, and as far as the disk was made to keep it. */
export interface Moment {
  readonly what: string;
  readonly database: Buffer;
  readonly log: Kept;
  readonly staging: ReadonlyMap<string, Kept>;
}

const { datasync } = LocalFile.prototype;

/** Follows what the disk was made to keep of an account's folder, from now until `stop`. */
export class DiskWatch {
  readonly moments: Moment[] = [];
  readonly #dir: string;
  readonly #synced = new Map<string, Buffer>();

  /** `isKept`: what is there now was synced. */
  constructor(accountDir: string, isKept = true) {
    this.#dir = accountDir;
    const watch = this;
    const kept = isKept ? ['metadata.db-wal', ...this.#listStaging()] : [];
    for (const name of kept) this.#note(join(this.#dir, name));
    LocalFile.prototype.datasync = async function () {
      const name = basename(this.path);
      watch.take(`before the sync of ${name}`);
      // What is written meanwhile may or may not be kept.
      const bytes = existsSync(this.path) ? readFileSync(this.path) : undefined;
      await datasync.call(this);
      if (bytes !== undefined) watch.#synced.set(this.path, bytes);
      watch.take(`after the sync of ${name}`);
    };
  }

  stop(): void {
    LocalFile.prototype.datasync = datasync;
  }

  take(what: string): void {
    const read = (name: string): Kept => {
      const path = join(this.#dir, name);
      return { bytes: readFileSync(path), synced: this.#synced.get(path) };
    };
    this.moments.push({
      what,
      database: readFileSync(join(this.#dir, 'metadata.db')),
      log: read('metadata.db-wal'),
      staging: new Map(this.#listStaging().map((name) => [name, read(name)])),
    });
  }

  #listStaging(): string[] {
    return readdirSync(join(this.#dir, 'staging')).map((id) => join('staging', id));
  }

  #note(path: string): void {
    this.#synced.set(path, readFileSync(path));
  }
}

/** Makes the folder what a cut of the power at that moment may leave; `newestLog`: the kernel has written the log of its own accord. */
export function restore(accountDir: string, moment: Moment, newestLog: boolean, remainder: Remainder): void {
  rmSync(join(accountDir, 'staging'), { recursive: true });
  rmSync(join(accountDir, 'metadata.db-shm'), { force: true });
  mkdirSync(join(accountDir, 'staging'));
  writeFileSync(join(accountDir, 'metadata.db'), moment.database);
  const log = newestLog ? moment.log.bytes : (moment.log.synced ?? Buffer.alloc(0));
  writeFileSync(join(accountDir, 'metadata.db-wal'), log);
  for (const [name, { bytes, synced }] of moment.staging) {
    const left = synced?.equals(bytes) ? bytes : remainders[remainder](bytes);
    if (left !== undefined) writeFileSync(join(accountDir, name), left);
  }
}
