import { constants } from 'node:fs';
import { apply, type Change, isPossible } from './content.ts';
import { describe, describeChange, type Judged, judge } from './judge.ts';
import { type Entry, type FileState, type Handle, join } from './model.ts';
import { acknowledge, getStable, noteDoubt } from './powerCut.ts';
import { mayBeSpoilt, type Outcome, perform, performOn, type Stage, type Tail, type Value } from './stage.ts';
import { Violation } from './violation.ts';
import type { OperationName, Operations } from './worker.ts';

const { O_CREAT, O_EXCL, O_RDWR, O_TRUNC, O_APPEND, O_RDONLY, O_ACCMODE } = { ...constants, O_ACCMODE: 3 };

/**
 * One program at work on files: does single operations and keeps the model to what they answered. Callers hold the locks.
 * An operation that failed, or whose answer a dead drive took along, is looked into: the model then holds what is there,
 * after a check that it is one of the things that may be there.
 */
export class FileActor {
  protected readonly stage: Stage;
  protected readonly lane: string;

  constructor(stage: Stage, lane: string) {
    this.stage = stage;
    this.lane = lane;
  }

  /** One operation by path. */
  protected byPath<N extends OperationName>(
    name: N,
    path: string,
    ...rest: Tail<Parameters<Operations[N]>>
  ): Promise<Outcome<Value<N>>> {
    return perform(this.stage, this.lane, name, path, ...rest);
  }

  // Files by descriptor

  async create(folder: Entry, name: string, append = false): Promise<{ entry: Entry; handle: Handle } | undefined> {
    const { model, drive } = this.stage;
    const path = join(model.getPath(folder), name);
    const flags = O_CREAT | O_EXCL | O_RDWR | (append ? O_APPEND : 0);
    await drive.whenUp;
    const epoch = drive.epoch;
    const outcome = await this.byPath('open', path, flags);
    if (outcome.code === undefined) {
      const entry = model.add(folder, name, Buffer.alloc(0));
      const handle = await this.#hold(entry, { id: outcome.value, epoch, writing: true });
      return handle === undefined ? undefined : { entry, handle };
    }
    this.judge(outcome, 'create', path);
    if (model.isContested(path)) return undefined;
    const there = await this.exists(path);
    if (there === undefined) model.contest(path);
    else if (there) model.add(folder, name, Buffer.alloc(0));
    return undefined;
  }

  async open(entry: Entry, flags: number): Promise<Handle | undefined> {
    const { model, drive } = this.stage;
    const path = model.getPath(entry);
    const file = fileOf(entry);
    await drive.whenUp;
    const truncates = (flags & O_TRUNC) !== 0 && (file.view.length > 0 || entry.contested);
    const epoch = drive.epoch;
    if (truncates) {
      file.changes.push({ kind: 'truncate', size: 0 });
      file.changedIn = drive.life;
    }
    const outcome = await this.byPath('open', path, flags);
    if (outcome.code !== undefined) {
      if (truncates) file.uncertain = true;
      if ((flags & O_TRUNC) !== 0) file.mtimeSec = undefined;
      this.judge(outcome, 'open', path);
      return undefined;
    }
    if (truncates) this.#changed(file, { kind: 'truncate', size: 0 });
    // Of an empty file too.
    if ((flags & O_TRUNC) !== 0) file.mtimeSec = undefined;
    return this.#hold(entry, { id: outcome.value, epoch, writing: (flags & O_ACCMODE) !== O_RDONLY });
  }

  /** A volume that went away meanwhile ends with its last open file: that is closed at once. */
  async #hold(entry: Entry, handle: Handle): Promise<Handle | undefined> {
    const file = fileOf(entry);
    file.handles.push(handle);
    if (handle.epoch === this.stage.drive.epoch) return handle;
    await this.dropStale(entry);
    return undefined;
  }

  /** `position` undefined: at the end, through a descriptor that appends. */
  async write(entry: Entry, handle: Handle, position: number | undefined, bytes: Buffer): Promise<boolean> {
    const file = fileOf(entry);
    const change: Change = { kind: 'write', position: position ?? file.view.length, bytes };
    return this.#change(entry, change, (path) =>
      performOn(this.stage, this.lane, 'write', path, handle, bytes, position ?? null),
    );
  }

  async truncateHandle(entry: Entry, handle: Handle, size: number): Promise<boolean> {
    return this.#change(entry, { kind: 'truncate', size }, (path) =>
      performOn(this.stage, this.lane, 'ftruncate', path, handle, size),
    );
  }

  async fsync(entry: Entry, handle: Handle, whole = false): Promise<boolean> {
    return this.#flush(entry, 'fsync', handle, whole);
  }

  /** `whole`: everything the file holds was written through this descriptor. */
  async close(entry: Entry, handle: Handle, whole = false): Promise<boolean> {
    const file = fileOf(entry);
    file.handles = file.handles.filter((other) => other !== handle);
    return this.#flush(entry, 'close', handle, whole);
  }

  async readHandle(entry: Entry, handle: Handle): Promise<void> {
    const { model } = this.stage;
    const file = fileOf(entry);
    const path = model.getPath(entry);
    const outcome = await performOn(this.stage, this.lane, 'read', path, handle, 0, file.view.length + 1);
    this.#checkRead(entry, outcome);
  }

  // Files by path

  async truncate(entry: Entry, size: number): Promise<boolean> {
    // What follows is of the life in which it is asked for.
    await this.stage.drive.whenUp;
    const done = await this.#change(entry, { kind: 'truncate', size }, (path) => this.byPath('truncate', path, size));
    // It opens and closes the file, and a close is a flush (SEMANTICS.md).
    if (done) this.#acknowledge(entry, false);
    return done;
  }

  async read(entry: Entry): Promise<void> {
    const outcome = await this.byPath('readFile', this.stage.model.getPath(entry));
    this.#checkRead(entry, outcome);
  }

  async stat(entry: Entry): Promise<void> {
    const path = this.stage.model.getPath(entry);
    const outcome = await this.byPath('stat', path);
    this.judge(outcome, 'stat', path);
    const { file } = entry;
    if (outcome.code !== undefined || file === undefined || entry.contested || file.uncertain) return;
    const { size, mtimeSec } = outcome.value;
    if (size !== file.view.length) throw new Violation([`${path} shows ${size} bytes, not ${file.view.length}`]);
    if (file.mtimeSec !== undefined && file.mtimeSec !== mtimeSec) {
      throw new Violation([`${path} shows the time ${mtimeSec}, not ${file.mtimeSec}`]);
    }
  }

  async setTime(entry: Entry, seconds: number): Promise<void> {
    const file = fileOf(entry);
    const path = this.stage.model.getPath(entry);
    const outcome = await this.byPath('utimes', path, seconds);
    this.judge(outcome, 'utimes', path);
    file.mtimeSec = outcome.code === undefined ? seconds : undefined;
    entry.changedAt = performance.now();
  }

  async setMode(entry: Entry, mode: number): Promise<void> {
    const path = this.stage.model.getPath(entry);
    this.judge(await this.byPath('chmod', path, mode), 'chmod', path);
  }

  /** Makes an uncertain file certain again, by looking at it. Answers false when that is not possible now. */
  async settle(entry: Entry): Promise<boolean> {
    const { model } = this.stage;
    const file = fileOf(entry);
    await this.dropStale(entry);
    const hasDied = file.changedIn !== this.stage.drive.life;
    if (file.changes.length > 0 && file.handles.length === 0 && hasDied) file.uncertain = true;
    if (!file.uncertain) return true;
    if (entry.contested) return false;
    for (const handle of [...file.handles]) await this.close(entry, handle);
    // What the same process shows after an error may be nowhere but in its memory: only a restart tells.
    if (!hasDied) return false;
    const path = model.getPath(entry);
    const outcome = await this.byPath('readFile', path);
    if (outcome.code !== undefined) {
      this.judge(outcome, 'readFile', path);
      return false;
    }
    // A contest may have begun while it was read.
    if (entry.contested) return false;
    const stable = getStable(file);
    if (!isPossible(outcome.value, stable, file.changes)) {
      throw new Violation([
        `${path} holds ${describe(outcome.value)} after a crash or an error: neither what was acknowledged last ` +
          `(${stable.map(describe).join(' or ')}) nor that with later writes (${file.changes.map(describeChange).join(', ')})`,
      ]);
    }
    const found = outcome.value;
    // What it held before the crash may have been sent already.
    noteDoubt(file, file.changes);
    acknowledge(file, [found]);
    Object.assign(file, { view: found, changes: [], mtimeSec: undefined });
    model.note(outcome.value, `found at ${path} after a crash or an error`);
    return true;
  }

  /** Is the drive that took what was written and not flushed the one that runs, or that comes up next? */
  async keepsUnflushed(entries: readonly Entry[]): Promise<boolean> {
    const { drive } = this.stage;
    await drive.whenUp;
    return entries.every(({ file }) => !file?.changes.length || file.changedIn === drive.life);
  }

  /** Forgets descriptors of a drive that is gone. */
  async dropStale(entry: Entry): Promise<void> {
    const { drive } = this.stage;
    const file = fileOf(entry);
    const stale = file.handles.filter((handle) => handle.epoch !== drive.epoch);
    if (stale.length === 0) return;
    file.handles = file.handles.filter((handle) => !stale.includes(handle));
    if (file.changes.length > 0) file.uncertain = true;
    for (const handle of stale) {
      await performOn(this.stage, this.lane, 'close', this.stage.model.getPath(entry), handle);
    }
  }

  // Below: what an answer means

  /** undefined when the drive does not say. */
  async exists(path: string): Promise<boolean | undefined> {
    for (let attempt = 0; attempt < 5; attempt += 1) {
      const outcome = await this.byPath('stat', path);
      if (outcome.code === undefined) return true;
      if (outcome.disturbed) continue;
      if (outcome.code === 'ENOENT') return false;
      this.judge(outcome, 'stat', path);
    }
    return undefined;
  }

  async #change(entry: Entry, change: Change, work: (path: string) => Promise<Outcome<unknown>>): Promise<boolean> {
    const { model } = this.stage;
    const file = fileOf(entry);
    const path = model.getPath(entry);
    file.changes.push(change);
    file.changedIn = this.stage.drive.life;
    // It may be durable before the flush that says so: another descriptor's, or the end of the drive.
    model.note(apply(file.view, change), `on its way to ${path}`);
    const outcome = await work(path);
    if (outcome.code !== undefined) {
      file.uncertain = true;
      // As on any file system, a write that fails half way may have set the time.
      file.mtimeSec = undefined;
      this.judge(outcome, 'write', path);
      return false;
    }
    this.#changed(file, change);
    return true;
  }

  #changed(file: FileState, change: Change): void {
    file.view = apply(file.view, change);
    file.mtimeSec = undefined;
  }

  async #flush(entry: Entry, name: 'fsync' | 'close', handle: Handle, whole: boolean): Promise<boolean> {
    const { model } = this.stage;
    const file = fileOf(entry);
    const path = model.getPath(entry);
    if (handle.writing && file.changes.length > 0) model.note(file.view, `flushed at ${path}`);
    const outcome = await performOn(this.stage, this.lane, name, path, handle);
    if (outcome.code !== undefined) {
      if (file.changes.length > 0) file.uncertain = true;
      this.judge(outcome, name, path);
      return false;
    }
    if (whole) {
      const begun = file.changes.findLastIndex(({ kind }) => kind === 'truncate');
      noteDoubt(file, file.changes.slice(0, Math.max(begun, 0)));
    }
    // A write that failed before leaves in doubt what this flush made durable.
    if (handle.writing && !file.uncertain) this.#acknowledge(entry, whole, name === 'fsync');
    return true;
  }

  #acknowledge(entry: Entry, whole: boolean, isSynced = false): void {
    const file = fileOf(entry);
    // What a contested file held before these writes is not known; all of it is when all of it was written.
    if (entry.contested && !whole) return;
    acknowledge(file, [file.view], isSynced);
    file.changes = [];
  }

  /** Throws on an errno that nothing going on explains. */
  protected judge(outcome: Outcome<unknown>, name: Judged, path: string, paths: readonly string[] = [path]): void {
    judge(this.stage, outcome, name, paths);
  }

  #checkRead(entry: Entry, outcome: Outcome<Buffer>): void {
    const { model } = this.stage;
    const path = model.getPath(entry);
    this.judge(outcome, 'read', path);
    const { file } = entry;
    if (outcome.code !== undefined || file === undefined || entry.contested || file.uncertain || entry.removed) return;
    if (outcome.disturbed || file.view.equals(outcome.value)) return;
    const { length } = outcome.value;
    if (length === file.view.length && mayBeSpoilt(this.stage, length)) return;
    throw new Violation([`${path} reads ${describe(outcome.value)}, not ${describe(file.view)}`]);
  }
}

function fileOf({ file }: Entry): FileState {
  if (file === undefined) throw new Error('a folder has no bytes');
  return file;
}
