import { setTimeout as delay } from 'node:timers/promises';
import { ErrnoError } from '../../base/errno.ts';
import type { Ino, Place } from '../../store/nodeRow.ts';
import type { KnownNames } from './knownNames.ts';
import { kernelLimits } from './limits.ts';
import type { NodeId, NodeIds } from './nodeIds.ts';
import type { Notices } from './notices.ts';

/** A change of names, as the kernel asks for it: the same one when it asks again. */
export interface NameChange {
  /** Number of the thread; 0 when it cannot be seen from here. */
  readonly pid: number;
  /** Numbers that the kernel has for them. */
  readonly folders: readonly NodeId[];
  readonly name: string;
}

interface Correction extends NameChange {
  readonly parents: readonly Ino[];
  /** Resolves when the kernel has taken all notices. */
  readonly taken: Promise<void>;
  /** ms of `performance.now()`. */
  readonly at: number;
}

/**
 * A change of one spelling makes entries of other spellings wrong that the kernel keeps, at that very moment. It takes a notice
 * about an entry with the lock of the folder only, which it holds until the change is answered. So the thread is sent back
 * before anything is changed (ESTALE, after which the kernel begins the system call anew). It waits at its first step into the
 * folder, when it holds no lock, until the entries have expired, and then comes with the same change again. Until that is done
 * nothing new about the folder is kept. Other entries are left alone: a program whose working directory loses its entry
 * cannot name it any more, so a notice that makes all of them wrong is no way.
 */
export class Corrections {
  readonly #ids: NodeIds;
  readonly #names: KnownNames;
  readonly #notices: Notices;
  /** A thread makes one change at a time. */
  readonly #byThread = new Map<number, Correction>();

  constructor(ids: NodeIds, names: KnownNames, notices: Notices) {
    this.#ids = ids;
    this.#names = names;
    this.#notices = notices;
  }

  /** Before a change that makes these entries wrong. Throws ESTALE when its thread is to come again. */
  check({ pid, folders, name }: NameChange, wrong: readonly Place[]): void {
    if (wrong.length === 0) return;
    for (const { parent, name } of wrong) this.#names.forgetMissing(parent, name);
    const isBack = this.#byThread.get(pid)?.name === name;
    // Of a thread that cannot be told from others nobody knows when it comes again: the kernel hears of it a moment later.
    if (isBack || pid === 0) {
      for (const entry of wrong) this.#notices.name(this.#ids.toId(entry.parent), entry.name);
      return;
    }
    const taken = wrong.map((entry) => this.#notices.nameUrgently(this.#ids.toId(entry.parent), entry.name));
    const parents = folders.map((folder) => this.#ids.toIno(folder));
    this.#byThread.set(pid, {
      ...{ pid, folders, name, parents },
      taken: Promise.all(taken).then(() => {}),
      at: performance.now(),
    });
    // The kernel looks into a folder after it knows its attributes only: `getWait`.
    for (const folder of folders) this.#notices.attributes(folder);
    throw new ErrnoError('ESTALE', 'to be done when the kernel has heard of it');
  }

  /** After a change, done or refused. */
  end(pid: number): void {
    if (this.#byThread.size > 0) this.#byThread.delete(pid);
  }

  /** May the kernel keep what it is told of this folder's names? */
  canKeep(parent: Ino): boolean {
    if (this.#byThread.size === 0) return true;
    const oldest = performance.now() - kernelLimits.lookedAgainMs;
    for (const { pid, parents, at } of this.#byThread.values()) {
      // It was killed, or found something else to do.
      if (at < oldest) this.#byThread.delete(pid);
      else if (parents.includes(parent)) return false;
    }
    return true;
  }

  /** What a thread that asks for the attributes of a folder waits for, if it is one that was sent back. */
  getWait(pid: number, folder: NodeId): Promise<void> | undefined {
    if (this.#byThread.size === 0) return undefined;
    const correction = this.#byThread.get(pid);
    if (!correction?.folders.includes(folder)) return undefined;
    return Promise.race([correction.taken, delay(kernelLimits.correctedMs, undefined, { ref: false })]);
  }
}
