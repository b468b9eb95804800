import { isDeepStrictEqual } from 'node:util';
import { createEmitter, type Emitter } from '../../base/events.ts';
import type { Ino, NodeRow } from '../../store/nodeRow.ts';
import type { PushKind } from '../plan/decide.ts';
import { getCycleBreakerFolder } from '../plan/moveCycles.ts';
import type { Push, StartedPush } from '../plan/planner.ts';
import type { Folders } from '../pull/folders.ts';
import { writebackLimits } from '../tree/limits.ts';
import { getLocalPath } from '../tree/paths.ts';
import { isRemoteError, RemoteError, type RemoteErrorKind } from '../tree/remote.ts';
import { getNextTry } from './failures.ts';
import { runPush } from './push.ts';
import { type Lane, type LaneCounts, laneOf } from './pushQueue.ts';
import type { Retries } from './retries.ts';
import type { UploadDeps } from './upload.ts';

export interface RunningPush {
  readonly ino: Ino;
  readonly kind: PushKind;
  readonly path: string;
  /** Bytes. */
  readonly done: number;
  readonly total: number;
}

export interface FinishedPush {
  readonly kind: PushKind;
  readonly path: string;
  /** Bytes of the file. */
  readonly bytes: number;
  /** ms. */
  readonly took: number;
  readonly outcome: 'done' | RemoteErrorKind | 'internal';
}

export interface PushRunnerDeps extends Omit<UploadDeps, 'onProgress'> {
  readonly folders: Folders;
  readonly retries: Retries;
  readonly now: () => number;
  /** Ends every push. */
  readonly signal: AbortSignal;
  /** Something is to be planned in so many ms at the latest. */
  readonly planIn: (ms: number) => void;
  /** Something went to the trash: there may be room again. */
  readonly onRoom: () => void;
  /** After the push has left `running`. */
  readonly onEnd: () => void;
}

interface Running extends StartedPush {
  readonly path: string;
  readonly lane: Lane;
  /** What it carries out (#getWanted). */
  readonly wanted: readonly unknown[];
  readonly controller: AbortController;
  done: number;
  total: number;
}

/** Carries out pushes side by side and notes what came of each: in the rows, or as a time for the next try. */
export class PushRunner {
  /** A push started, went on, or ended. */
  readonly changed: Emitter<void>;
  /** A push ended: `outcome` is `done` or the kind of its error. */
  readonly finished: Emitter<FinishedPush>;
  readonly #deps: PushRunnerDeps;
  readonly #running = new Map<Ino, Running>();

  constructor(deps: PushRunnerDeps) {
    this.#deps = deps;
    const onError = (error: unknown) => deps.log.error('listener failed', { error });
    this.changed = createEmitter(onError);
    this.finished = createEmitter(onError);
    deps.signal.addEventListener('abort', () => this.abortAll());
  }

  get running(): ReadonlyMap<Ino, StartedPush> {
    return this.#running;
  }

  get counts(): LaneCounts {
    const counts = { quick: 0, medium: 0, large: 0 };
    for (const { lane } of this.#running.values()) counts[lane] += 1;
    return counts;
  }

  list(): RunningPush[] {
    return [...this.#running.values()].map(({ ino, kind, path, done, total }) => ({ ino, kind, path, done, total }));
  }

  abortAll(): void {
    for (const push of this.#running.values()) push.controller.abort(new RemoteError('cancelled', 'stopped from here'));
  }

  /** The upload is not wanted. False where none runs, and where it is too late. */
  cancelUpload(ino: Ino): boolean {
    const push = this.#running.get(ino);
    // Only an upload: a move or removal may already be done, and must be told about.
    // Nor one whose last bytes are on their way: the server would finish it some time after what comes next.
    if (push?.kind !== 'upload' || push.total - push.done <= writebackLimits.lastBytes) return false;
    push.controller.abort(new RemoteError('cancelled', 'not wanted any more'));
    return true;
  }

  start(push: Push): void {
    const { nodes, signal, now } = this.#deps;
    const row = nodes.get(push.ino);
    const controller = new AbortController();
    const path = getLocalPath(nodes, push.ino) ?? row?.name ?? '';
    const aside = row !== undefined && push.kind === 'moveAside' ? getCycleBreakerFolder(nodes, row) : undefined;
    const into = row?.pendingTarget?.parent ?? aside ?? row?.parent ?? null;
    const wanted = this.#getWanted(push.ino);
    const total = row?.size ?? 0;
    const lane = laneOf(push.kind, total);
    const running: Running = { ...push, into, path, lane, wanted, controller, done: 0, total };
    this.#running.set(push.ino, running);
    const begun = now();
    const finish = (outcome: FinishedPush['outcome']) =>
      this.finished.emit({ kind: push.kind, path, bytes: running.total, took: now() - begun, outcome });
    this.changed.emit();
    this.#run(running, row, finish, AbortSignal.any([signal, controller.signal]))
      .catch((error) => {
        // The database takes nothing now (a full disk): whatever came of the push is met again.
        this.#deps.log.warn('the outcome of a push could not be kept', { kind: push.kind, path, error });
        this.#deps.planIn(this.#deps.retries.delay(push.ino));
      })
      .finally(() => {
        this.#running.delete(push.ino);
        this.changed.emit();
        this.#deps.onEnd();
      });
  }

  async #run(
    push: Running,
    row: NodeRow | undefined,
    finish: (outcome: FinishedPush['outcome']) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const { nodes, retries, onRoom } = this.#deps;
    const onProgress = (_ino: Ino, done: number, total: number) => {
      Object.assign(push, { done, total });
      this.changed.emit();
    };
    let stale: readonly Ino[];
    try {
      stale = await runPush({ ...this.#deps, onProgress }, push, signal);
    } catch (error) {
      // Nothing is left to do for a node that is gone, whatever its last step met.
      const isGone = nodes.get(push.ino) === undefined;
      if (!this.#deps.signal.aborted) finish(isGone ? 'cancelled' : isRemoteError(error) ? error.kind : 'internal');
      this.#noteFailure(push, error);
      return;
    }
    finish('done');
    if (push.kind === 'trashFile' || push.kind === 'trashFolder') onRoom();
    retries.forgetNetwork();
    if (stale.length > 0) await this.#look(push.ino, stale);
    // A push that changed nothing would be planned again at once, and for ever: it waits for its next try.
    else if (row !== undefined && isDeepStrictEqual(nodes.get(push.ino), row)) retries.delay(push.ino);
    else retries.forget(push.ino);
  }

  /** Lists folders that turned out otherwise than known, before the node is planned again: at once, then with patience. */
  async #look(ino: Ino, stale: readonly Ino[]): Promise<void> {
    const { folders, retries, log } = this.#deps;
    retries.delayUnlessFirst(ino);
    for (const folder of new Set(stale)) {
      await folders.look(folder).catch((error) => log.info('a folder that changed could not be listed', { error }));
    }
  }

  /** Equal as long as nobody changes the node here. */
  #getWanted(ino: Ino): readonly unknown[] {
    const row = this.#deps.nodes.get(ino);
    return [row?.parent, row?.name, row?.md5, row?.staging, this.#deps.activity.changedAt(ino)];
  }

  #noteFailure(push: Running, error: unknown): void {
    const { signal, activity, retries, planIn } = this.#deps;
    if (signal.aborted) {
      if (isRemoteError(error, 'cancelled')) activity.noteChange(push.ino);
      return;
    }
    const nextTry = getNextTry(error);
    switch (nextTry) {
      case 'atOnce':
        activity.noteChange(push.ino);
        break;
      case 'afterSignIn':
        break;
      case 'whenReachable':
        planIn(retries.delayNetwork());
        break;
      case 'whenAccountChanges':
      case 'byHand':
        this.#keepRefused(push, error as RemoteError);
        break;
      default:
        this.#waitForNextTry(push, error, nextTry === 'afterListing');
    }
  }

  #keepRefused(push: Running, error: RemoteError): void {
    const { nodes, log } = this.#deps;
    // What was changed since then may be taken: it is planned again.
    if (nodes.get(push.ino) === undefined || !isDeepStrictEqual(this.#getWanted(push.ino), push.wanted)) return;
    log.warn('the server refused a change; it is kept', { kind: push.kind, path: push.path, error });
    nodes.update(push.ino, { failure: error.kind });
  }

  #waitForNextTry(push: Running, error: unknown, listsFolders: boolean): void {
    const { nodes, log, folders, retries, planIn } = this.#deps;
    const row = nodes.get(push.ino);
    if (row === undefined) return;
    const inMs = retries.delay(push.ino);
    log.warn('push failed, will be tried again', { kind: push.kind, path: push.path, inMs, error });
    planIn(inMs);
    const stale = new Set([row.parent, row.synced?.parent]);
    for (const folder of listsFolders ? stale : []) {
      if (folder !== undefined && folder !== null)
        folders.look(folder).catch((e) => log.info('listing failed', { error: e }));
    }
  }
}
