import { constants } from 'node:fs';
import { apply, type Change, isPossible } from './content.ts';
import type { Entry, FileState, Handle } from './model.ts';
import { type Outcome, perform, performOn, type Stage } from './stage.ts';
import { Violation } from './violation.ts';
import type { OperationName } from './worker.ts';

const { O_CREAT, O_EXCL, O_RDWR, O_TRUNC, O_APPEND, O_RDONLY, O_ACCMODE } = { ...constants, O_ACCMODE: 3 };

/** Of one file. */
const doubtsKept = 4;

/**
 * One program using the volume: does single operations and keeps the model to what they answered. Callers hold the locks.
 * An operation that failed, or whose answer a dead drive took along, is looked into: the model then holds what is there,
 * after a check that it is one of the things that may be there.
 */
export class Actor {
  readonly #stage: Stage;
  readonly #lane: string;

  constructor(stage: Stage, lane: string) {
    this.#stage = stage;
    this.#lane = lane;
  }

  // Files by descriptor

  async create(folder: Entry, name: string, append = false): Promise<{ entry: Entry; handle: Handle } | undefined> {
    const { model, drive } = this.#stage;
    const path = join(model.getPath(folder), name);
    const flags = O_CREAT | O_EXCL | O_RDWR | (append ? O_APPEND : 0);
    await drive.whenUp;
    const epoch = drive.epoch;
    const outcome = await perform(this.#stage, this.#lane, 'open', path, flags);
    if (outcome.code === undefined) {
      const entry = model.add(folder, name, Buffer.alloc(0));
      const handle = await this.#hold(entry, { id: outcome.value, epoch, writing: true });
      return handle === undefined ? undefined : { entry, handle };
    }
    this.#judge(outcome, 'create', path);
    if (model.isContested(path)) return undefined;
    const there = await this.#exists(path);
    if (there === undefined) model.contest(path);
    else if (there) model.add(folder, name, Buffer.alloc(0));
    return undefined;
  }

  async open(entry: Entry, flags: number): Promise<Handle | undefined> {
    const { model, drive } = this.#stage;
    const path = model.getPath(entry);
    const file = fileOf(entry);
    const truncates = (flags & O_TRUNC) !== 0 && file.view.length > 0;
    await drive.whenUp;
    const epoch = drive.epoch;
    if (truncates) {
      file.changes.push({ kind: 'truncate', size: 0 });
      file.changedIn = epoch;
    }
    const outcome = await perform(this.#stage, this.#lane, 'open', path, flags);
    if (outcome.code !== undefined) {
      if (truncates) file.uncertain = true;
      if ((flags & O_TRUNC) !== 0) file.mtimeSec = undefined;
      this.#judge(outcome, 'open', path);
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
    if (handle.epoch === this.#stage.drive.epoch) return handle;
    await this.dropStale(entry);
    return undefined;
  }

  /** `position` undefined: at the end, through a descriptor that appends. */
  async write(entry: Entry, handle: Handle, position: number | undefined, bytes: Buffer): Promise<boolean> {
    const file = fileOf(entry);
    const change: Change = { kind: 'write', position: position ?? file.view.length, bytes };
    return this.#change(entry, change, (path) =>
      performOn(this.#stage, this.#lane, 'write', path, handle, bytes, position ?? null),
    );
  }

  async truncateHandle(entry: Entry, handle: Handle, size: number): Promise<boolean> {
    return this.#change(entry, { kind: 'truncate', size }, (path) =>
      performOn(this.#stage, this.#lane, 'ftruncate', path, handle, size),
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
    const { model } = this.#stage;
    const file = fileOf(entry);
    const path = model.getPath(entry);
    const outcome = await performOn(this.#stage, this.#lane, 'read', path, handle, 0, file.view.length + 1);
    this.#checkRead(entry, outcome);
  }

  // Files by path

  async truncate(entry: Entry, size: number): Promise<boolean> {
    const done = await this.#change(entry, { kind: 'truncate', size }, (path) =>
      perform(this.#stage, this.#lane, 'truncate', path, size),
    );
    // It opens and closes the file, and a close is a flush (SEMANTICS.md).
    if (done) this.#acknowledge(entry, false);
    return done;
  }

  async read(entry: Entry): Promise<void> {
    const outcome = await perform(this.#stage, this.#lane, 'readFile', this.#stage.model.getPath(entry));
    this.#checkRead(entry, outcome);
  }

  async stat(entry: Entry): Promise<void> {
    const path = this.#stage.model.getPath(entry);
    const outcome = await perform(this.#stage, this.#lane, 'stat', path);
    this.#judge(outcome, 'stat', path);
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
    const path = this.#stage.model.getPath(entry);
    const outcome = await perform(this.#stage, this.#lane, 'utimes', path, seconds);
    this.#judge(outcome, 'utimes', path);
    file.mtimeSec = outcome.code === undefined ? seconds : undefined;
  }

  async setMode(entry: Entry, mode: number): Promise<void> {
    const path = this.#stage.model.getPath(entry);
    this.#judge(await perform(this.#stage, this.#lane, 'chmod', path, mode), 'chmod', path);
  }

  /** Makes an uncertain file certain again, by looking at it. Answers false when that is not possible now. */
  async settle(entry: Entry): Promise<boolean> {
    const { model } = this.#stage;
    const file = fileOf(entry);
    await this.dropStale(entry);
    const hasDied = file.changedIn !== this.#stage.drive.epoch;
    if (file.changes.length > 0 && file.handles.length === 0 && hasDied) file.uncertain = true;
    if (!file.uncertain) return true;
    if (entry.contested) return false;
    for (const handle of [...file.handles]) await this.close(entry, handle);
    // What the same process shows after an error may be nowhere but in its memory: only a restart tells.
    if (!hasDied) return false;
    const path = model.getPath(entry);
    const outcome = await perform(this.#stage, this.#lane, 'readFile', path);
    if (outcome.code !== undefined) {
      this.#judge(outcome, 'readFile', path);
      return false;
    }
    // A contest may have begun while it was read.
    if (entry.contested) return false;
    if (!isPossible(outcome.value, [file.stable], file.changes)) {
      throw new Violation([
        `${path} holds ${describe(outcome.value)} after a crash or an error: neither what was acknowledged last ` +
          `(${describe(file.stable)}) nor that with later writes (${file.changes.map(describeChange).join(', ')})`,
      ]);
    }
    const found = outcome.value;
    Object.assign(file, { stable: found, view: found, changes: [], uncertain: false, mtimeSec: undefined });
    model.note(outcome.value, `found at ${path} after a crash or an error`);
    return true;
  }

  /** Forgets descriptors of a drive that is gone. */
  async dropStale(entry: Entry): Promise<void> {
    const { drive } = this.#stage;
    const file = fileOf(entry);
    const stale = file.handles.filter((handle) => handle.epoch !== drive.epoch);
    if (stale.length === 0) return;
    file.handles = file.handles.filter((handle) => !stale.includes(handle));
    if (file.changes.length > 0) file.uncertain = true;
    for (const handle of stale) {
      await performOn(this.#stage, this.#lane, 'close', this.#stage.model.getPath(entry), handle);
    }
  }

  // Names

  async rename(entry: Entry, parent: Entry, name: string, over?: Entry): Promise<boolean> {
    const { model } = this.#stage;
    const from = model.getPath(entry);
    const to = join(model.getPath(parent), name);
    const isOpen = (over?.file?.handles.length ?? 0) > 0;
    const outcome = await perform(this.#stage, this.#lane, 'rename', from, to);
    const done = await this.#settleName(outcome, 'rename', [from, to], async () => {
      const there = await this.#exists(from);
      return there === undefined ? undefined : !there;
    });
    if (done !== true) {
      if (isOpen && outcome.disturbed) await this.#noteHidden(to);
      // It may be replaced, for all anybody can tell.
      if (over !== undefined && done === undefined && outcome.disturbed) model.remove(over);
      return false;
    }
    if (over !== undefined) model.remove(over);
    model.move(entry, parent, name);
    return true;
  }

  /**
   * libfuse renames an open victim away before it renames onto its name: a crash between the two
   * takes the victim from its place. Its bytes must be somewhere all the same.
   */
  async #noteHidden(path: string): Promise<void> {
    if ((await this.#exists(path)) !== false) return;
    this.#stage.counts.hiddenVictims += 1;
    this.#stage.model.contest(path);
  }

  async unlink(entry: Entry): Promise<boolean> {
    return this.#remove(entry, 'unlink');
  }

  async rmdir(entry: Entry): Promise<boolean> {
    return this.#remove(entry, 'rmdir');
  }

  async mkdir(parent: Entry, name: string): Promise<Entry | undefined> {
    const { model } = this.#stage;
    const path = join(model.getPath(parent), name);
    const outcome = await perform(this.#stage, this.#lane, 'mkdir', path);
    const done = await this.#settleName(outcome, 'mkdir', [path], () => this.#exists(path));
    return done === true ? model.add(parent, name, undefined) : undefined;
  }

  /** Everything that was there all the time is listed, and nothing that never was. */
  async list(folder: Entry): Promise<void> {
    const { model } = this.#stage;
    const path = model.getPath(folder);
    const steady = () =>
      model
        .getChildren(folder)
        .filter(({ locks }) => !locks.path)
        .map((child) => child.id);
    const before = new Set(steady());
    const outcome = await perform(this.#stage, this.#lane, 'readdir', path);
    this.#judge(outcome, 'readdir', path);
    if (outcome.code !== undefined || model.isContested(path)) return;
    const names = new Set(outcome.value);
    for (const child of model.getChildren(folder)) {
      if (!before.has(child.id) || child.locks.path || model.isContested(model.getPath(child))) continue;
      if (!names.has(child.name)) throw new Violation([`${path} does not list ${child.name}`]);
    }
  }

  // Below: what an answer means

  async #remove(entry: Entry, name: 'unlink' | 'rmdir'): Promise<boolean> {
    const { model } = this.#stage;
    const path = model.getPath(entry);
    const outcome = await perform(this.#stage, this.#lane, name, path);
    const done = await this.#settleName(outcome, name, [path], async () => {
      const there = await this.#exists(path);
      return there === undefined ? undefined : !there;
    });
    // When nobody can tell, its bytes may be gone by our own will.
    if (done === true || (done === undefined && outcome.disturbed)) model.remove(entry);
    return done === true;
  }

  /** Whether the change of a name happened; when the answer is an error, `look` tells. undefined: nobody can tell. */
  async #settleName(
    outcome: Outcome<unknown>,
    name: OperationName,
    paths: readonly string[],
    look: () => Promise<boolean | undefined>,
  ): Promise<boolean | undefined> {
    const { model } = this.#stage;
    if (outcome.code === undefined) return true;
    for (const path of paths) this.#judge(outcome, name, path, paths);
    const disputed = paths.some((path) => model.isDisputed(path));
    const done = disputed ? undefined : await look();
    // Nobody can tell any more: only the loss of bytes is checked from here.
    if (done === undefined) for (const path of paths) model.contest(path);
    return done;
  }

  /** undefined when the drive does not say. */
  async #exists(path: string): Promise<boolean | undefined> {
    for (let attempt = 0; attempt < 5; attempt += 1) {
      const outcome = await perform(this.#stage, this.#lane, 'stat', path);
      if (outcome.code === undefined) return true;
      if (outcome.disturbed) continue;
      if (outcome.code === 'ENOENT') return false;
      this.#judge(outcome, 'stat', path);
    }
    return undefined;
  }

  async #change(entry: Entry, change: Change, work: (path: string) => Promise<Outcome<unknown>>): Promise<boolean> {
    const { model } = this.#stage;
    const file = fileOf(entry);
    const path = model.getPath(entry);
    file.changes.push(change);
    file.changedIn = this.#stage.drive.epoch;
    // It may be durable before the flush that says so: another descriptor's, or the end of the drive.
    model.note(apply(file.view, change), `on its way to ${path}`);
    const outcome = await work(path);
    if (outcome.code !== undefined) {
      file.uncertain = true;
      // As on any file system, a write that fails half way may have set the time.
      file.mtimeSec = undefined;
      this.#judge(outcome, 'write', path);
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
    const { model } = this.#stage;
    const file = fileOf(entry);
    const path = model.getPath(entry);
    if (handle.writing && file.changes.length > 0) model.note(file.view, `flushed at ${path}`);
    const outcome = await performOn(this.#stage, this.#lane, name, path, handle);
    if (outcome.code !== undefined) {
      if (file.changes.length > 0) file.uncertain = true;
      this.#judge(outcome, name, path);
      return false;
    }
    if (whole && file.uncertain) {
      const begun = file.changes.findLastIndex(({ kind }) => kind === 'truncate');
      const doubt = { stable: file.stable, changes: file.changes.slice(0, Math.max(begun, 0)) };
      file.doubted = [...file.doubted.slice(1 - doubtsKept), doubt];
      file.uncertain = false;
    }
    // A write that failed before leaves in doubt what this flush made durable.
    if (handle.writing && !file.uncertain) this.#acknowledge(entry, whole);
    return true;
  }

  #acknowledge(entry: Entry, whole: boolean): void {
    const file = fileOf(entry);
    // What a contested file held before these writes is not known; all of it is when all of it was written.
    if (entry.contested && !whole) return;
    file.stable = file.view;
    file.changes = [];
  }

  #checkRead(entry: Entry, outcome: Outcome<Buffer>): void {
    const { model } = this.#stage;
    const path = model.getPath(entry);
    this.#judge(outcome, 'read', path);
    const { file } = entry;
    if (outcome.code !== undefined || file === undefined || entry.contested || file.uncertain || entry.removed) return;
    if (outcome.disturbed || file.view.equals(outcome.value)) return;
    throw new Violation([`${path} reads ${describe(outcome.value)}, not ${describe(file.view)}`]);
  }

  /** Throws on an errno that nothing going on explains. */
  #judge(
    outcome: Outcome<unknown>,
    name: OperationName | 'create',
    path: string,
    paths: readonly string[] = [path],
  ): void {
    const { code, disturbed, mayBeFull } = outcome;
    if (code === undefined || disturbed) return;
    const { model, weather } = this.#stage;
    if (code === 'ENOSPC' && mayBeFull) return;
    // libfuse looks a new folder up, and the kernel says EIO when a file from elsewhere has its name by then.
    const isExplained = code !== 'EIO' || name === 'mkdir';
    if (isExplained && paths.some((each) => model.isDisputed(each))) return;
    const reads = name === 'read' || name === 'readFile';
    if (reads && code === 'ETIMEDOUT') return;
    if (reads && (weather.signedOut || weather.killed) && code === 'EACCES') return;
    if (reads && weather.faults && ['EACCES', 'EDQUOT', 'ESTALE'].includes(code)) return;
    if (reads && weather.corrupt && code === 'EIO') return;
    throw new Violation([`${name} ${path} answered ${code}; nothing going on explains that`]);
  }
}

function fileOf({ file }: Entry): FileState {
  if (file === undefined) throw new Error('a folder has no bytes');
  return file;
}

function join(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}

export function describe(bytes: Buffer): string {
  return `${bytes.length} bytes ${bytes.subarray(0, 8).toString('hex')}…${bytes.subarray(-4).toString('hex')}`;
}

function describeChange(change: Change): string {
  if (change.kind === 'truncate') return `truncate to ${change.size}`;
  return `write ${describe(change.bytes)} at ${change.position}`;
}
