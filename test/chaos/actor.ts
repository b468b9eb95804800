import { FileActor } from './fileActor.ts';
import { type Entry, join } from './model.ts';
import type { Outcome } from './stage.ts';
import { Violation } from './violation.ts';
import type { OperationName } from './worker.ts';

/** A program that changes names too. */
export class Actor extends FileActor {
  async rename(entry: Entry, parent: Entry, name: string, over?: Entry): Promise<boolean> {
    const { model } = this.stage;
    const from = model.getPath(entry);
    const to = join(model.getPath(parent), name);
    const isOpen = (over?.file?.handles.length ?? 0) > 0;
    const outcome = await this.byPath('rename', from, to);
    const done = await this.#settleName(outcome, 'rename', [from, to], async () => {
      const there = await this.exists(from);
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
    if ((await this.exists(path)) !== false) return;
    this.stage.counts.hiddenVictims += 1;
    this.stage.model.contest(path);
  }

  async unlink(entry: Entry): Promise<boolean> {
    return this.#remove(entry, 'unlink');
  }

  async rmdir(entry: Entry): Promise<boolean> {
    return this.#remove(entry, 'rmdir');
  }

  async mkdir(parent: Entry, name: string): Promise<Entry | undefined> {
    const { model } = this.stage;
    const path = join(model.getPath(parent), name);
    const outcome = await this.byPath('mkdir', path);
    const done = await this.#settleName(outcome, 'mkdir', [path], () => this.exists(path));
    return done === true ? model.add(parent, name, undefined) : undefined;
  }

  /** Everything that was there all the time is listed, and nothing that never was. */
  async list(folder: Entry): Promise<void> {
    const { model } = this.stage;
    const path = model.getPath(folder);
    const steady = () =>
      model
        .getChildren(folder)
        .filter(({ locks }) => !locks.path)
        .map((child) => child.id);
    const before = new Set(steady());
    const outcome = await this.byPath('readdir', path);
    this.judge(outcome, 'readdir', path);
    if (outcome.code !== undefined || model.isContested(path)) return;
    const names = new Set(outcome.value);
    for (const child of model.getChildren(folder)) {
      if (!before.has(child.id) || child.locks.path || model.isContested(model.getPath(child))) continue;
      if (!names.has(child.name)) throw new Violation([`${path} does not list ${child.name}`]);
    }
  }

  // Below: what an answer means

  async #remove(entry: Entry, name: 'unlink' | 'rmdir'): Promise<boolean> {
    const { model } = this.stage;
    const path = model.getPath(entry);
    const outcome = await this.byPath(name, path);
    const done = await this.#settleName(outcome, name, [path], async () => {
      const there = await this.exists(path);
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
    const { model } = this.stage;
    if (outcome.code === undefined) return true;
    for (const path of paths) this.judge(outcome, name, path, paths);
    const disputed = paths.some((path) => model.isDisputed(path));
    const done = disputed ? undefined : await look();
    // Nobody can tell any more: only the loss of bytes is checked from here.
    if (done === undefined) for (const path of paths) model.contest(path);
    return done;
  }
}
