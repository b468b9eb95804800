import { basename, dirname } from 'node:path';
import type { RequestType } from 'vscode-jsonrpc';
import type { DriveErrorData } from '../../src/protocol/errors.ts';
import * as files from '../../src/protocol/fileMessages.ts';
import { list } from '../../src/protocol/messages.ts';
import { md5 } from '../support/md5.ts';
import { Actor } from './actor.ts';
import { ask } from './ask.ts';
import { describe } from './judge.ts';
import { type Entry, join } from './model.ts';
import type { Plan } from './plan.ts';
import { acknowledge, getCopied, noteDoubt } from './powerCut.ts';
import { mayBeSpoilt, type Outcome, type Tail, type Value } from './stage.ts';
import { Violation } from './violation.ts';
import type { OperationName, Operations } from './worker.ts';

/** A name that is to get a whole new content: a file's, or one that is free. */
export interface Target {
  readonly folder: Entry;
  readonly name: string;
  readonly entry?: Entry;
}

type Put = 'put' | 'copy' | 'fetch';

/** The bytes it is to hold, and the file they are copied from. */
interface Filling {
  readonly content: Buffer;
  readonly source?: Entry | undefined;
}

/** Where the account shows the folder that the model is about. */
const top = '/Jotta/Archive';

export function toAccountPath(path: string): string {
  return path === '' ? top : `${top}/${path}`;
}

/**
 * A person at work in a window beside the mount. Names and readings go through the drive's socket; what needs a descriptor goes
 * through the mount all the same.
 */
export class WindowActor extends Actor {
  ask<P, R>(type: RequestType<P, R, DriveErrorData>, params: P, cancelMs?: number): Promise<Outcome<R>> {
    return ask(this.stage, this.lane, type, params, cancelMs);
  }

  listTrash(cancelMs?: number): Promise<Outcome<readonly files.TrashEntry[]>> {
    return ask(this.stage, this.lane, files.listTrash, undefined, cancelMs);
  }

  /** Did the server ever finish a revision of these bytes? */
  async isKnownToServer(content: Buffer): Promise<boolean> {
    return (await this.stage.load(md5(content))) !== undefined;
  }

  mayBeSpoilt(content: Buffer): boolean {
    return mayBeSpoilt(this.stage, content.length);
  }

  get localFolder(): string {
    return this.stage.local;
  }

  /** What a request answered that changes nothing here, whatever comes of it. */
  judgeFetch(outcome: Outcome<unknown>, what: 'fetch' | 'copy', ...paths: string[]): void {
    this.judge(outcome, what, paths[0] ?? '', paths);
  }

  /**
   * A request that gives one name whole new bytes. When it is acknowledged they are there and durable; when it is refused or
   * called off, all is as it was.
   */
  async put(
    { folder, name, entry }: Target,
    filling: Filling,
    what: Put,
    work: () => Promise<Outcome<unknown>>,
  ): Promise<void> {
    if (entry === undefined) await this.make(folder, [{ path: name, ...filling }], what, work);
    else await this.#putOver(entry, filling, what, work);
  }

  /** A request that makes a new file, or a folder with all that is in it. Each file is there whole or not at all. */
  async make(folder: Entry, plan: Plan, what: Put, work: () => Promise<Outcome<unknown>>): Promise<void> {
    const { model } = this.stage;
    const path = join(model.getPath(folder), plan[0]?.path ?? '');
    for (const { content } of plan) if (content !== undefined) model.note(content, `on its way to ${path}`);
    const outcome = await work();
    this.#judgePut(outcome, what, path, plan[0]?.source);
    // What someone else made of it meanwhile was copied, for all anybody can tell.
    if (plan.some(({ source }) => source?.contested)) model.contest(path);
    await this.#addMade(folder, plan, outcome);
  }

  /** A request that only ever is refused with `code`: everything stays as it is. */
  async mustRefuse(entry: Entry, code: string, work: () => Promise<Outcome<unknown>>): Promise<void> {
    const path = this.stage.model.getPath(entry);
    const outcome = await work();
    if (this.stage.model.isDisputed(path)) return;
    if (outcome.code === undefined) throw new Violation([`what was to be refused with ${code} was done at ${path}`]);
    if (outcome.code !== code) this.judge(outcome, 'put', path);
    await this.read(entry);
  }

  /** What the trash gave back is there, and of the size that the trash named. */
  async checkRestored(path: string, { kind, size }: files.TrashEntry): Promise<void> {
    const outcome = await this.byPath('stat', path);
    this.judge(outcome, 'fetch', path);
    // A cut of the power may have undone the removal of what had the name before.
    if (outcome.code !== undefined || this.stage.weather.powerCut) return;
    const { isFile, size: shown } = outcome.value;
    if (isFile !== (kind === 'file') || (isFile && shown !== size)) {
      throw new Violation([`${path} came back from the trash with ${shown} bytes, which named a ${kind} of ${size}`]);
    }
  }

  /** A request that removes a folder with all that is in it; called off, it may have removed a part. */
  async removeTree(folder: Entry, cancelMs: number | undefined): Promise<void> {
    const { model } = this.stage;
    const path = model.getPath(folder);
    const outcome = await this.ask(files.deleteEntry, { path: toAccountPath(path), recursive: true }, cancelMs);
    if (outcome.code === undefined) return model.remove(folder);
    this.judge(outcome, 'rmdir', path);
    for (const entry of [folder, ...model.getBelow(folder)]) {
      if (entry.removed) continue;
      const at = model.getPath(entry);
      const there = model.isDisputed(at) ? undefined : await this.exists(at);
      if (there === undefined) model.contest(at);
      // It may be gone by our own will, for all anybody can tell.
      if (there !== true) model.remove(entry);
    }
  }

  async #putOver(
    entry: Entry,
    { content, source }: Filling,
    what: Put,
    work: () => Promise<Outcome<unknown>>,
  ): Promise<void> {
    const { model, drive } = this.stage;
    const { file } = entry;
    if (file === undefined) throw new Error('a folder has no bytes');
    const path = model.getPath(entry);
    model.note(content, `put at ${path}`);
    // What follows is of the life in which it is asked for.
    await drive.whenUp;
    const before = file.changes;
    file.changes = [...before, { kind: 'replace', bytes: content }];
    file.changedIn = drive.life;
    const outcome = await work();
    const copied = getCopied(content, source);
    if (source?.contested) model.contest(path);
    if (outcome.code === undefined) {
      noteDoubt(file, before);
      acknowledge(file, copied);
      Object.assign(file, { view: content, changes: [], mtimeSec: undefined });
      await this.stat(entry);
      return;
    }
    if (outcome.disturbed) {
      file.changes = [...before, ...copied.map((bytes) => ({ kind: 'replace', bytes }) as const)];
      Object.assign(file, { uncertain: true, mtimeSec: undefined });
      return;
    }
    file.changes = before;
    this.#judgePut(outcome, what, path, source);
    await this.read(entry);
    await this.stat(entry);
  }

  /** About what is copied, too. */
  #judgePut(outcome: Outcome<unknown>, what: Put, path: string, source: Entry | undefined): void {
    const { model } = this.stage;
    this.judge(outcome, what, path, source === undefined ? [path] : [path, model.getPath(source)]);
  }

  /** Adds to the model what a request has made of its plan: all of it, or what is found. */
  async #addMade(folder: Entry, plan: Plan, { code }: Outcome<unknown>): Promise<void> {
    const { model } = this.stage;
    const made = new Map<string, Entry>([['.', folder]]);
    for (const { path, content, source } of plan) {
      const parent = made.get(dirname(path));
      const at = join(model.getPath(folder), path);
      const isThere = code === undefined || (parent !== undefined && (await this.#isMade(at)));
      if (!isThere || parent === undefined) continue;
      const entry = model.add(parent, basename(path), content);
      if (entry.file !== undefined && content !== undefined) acknowledge(entry.file, getCopied(content, source));
      made.set(path, entry);
      // Nobody else comes near before all of it is known.
      entry.locks.path = true;
      if (code !== undefined && content !== undefined) await this.read(entry);
    }
    made.delete('.');
    for (const { locks } of made.values()) locks.path = false;
  }

  /** Nothing is said about a path from here when nobody can tell. */
  async #isMade(path: string): Promise<boolean> {
    const { model } = this.stage;
    const there = model.isDisputed(path) ? undefined : await this.exists(path);
    if (there === undefined) model.contest(path);
    return there === true;
  }

  protected override async byPath<N extends OperationName>(
    name: N,
    path: string,
    ...rest: Tail<Parameters<Operations[N]>>
  ): Promise<Outcome<Value<N>>> {
    const request = this.#requests[name];
    if (request === undefined) return super.byPath(name, path, ...rest);
    return (await request(path, String(rest[0]))) as Outcome<Value<N>>;
  }

  readonly #requests: Partial<Record<OperationName, (path: string, to: string) => Promise<Outcome<unknown>>>> = {
    rename: (path, to) => this.ask(files.rename, { from: toAccountPath(path), to: toAccountPath(to), overwrite: true }),
    unlink: (path) => this.ask(files.deleteEntry, { path: toAccountPath(path), recursive: false }),
    rmdir: (path) => this.ask(files.deleteEntry, { path: toAccountPath(path), recursive: false }),
    mkdir: (path) => this.ask(files.createFolder, { path: toAccountPath(path) }),
    stat: async (path) => {
      const outcome = await this.ask(files.stat, { path: toAccountPath(path) });
      if (outcome.code !== undefined) return outcome;
      const { size, modifiedMs, kind } = outcome.value;
      return { ...outcome, value: { size, mtimeSec: Math.floor(modifiedMs / 1000), isFile: kind === 'file' } };
    },
    readdir: async (path) => {
      const outcome = await this.ask(list, { path: toAccountPath(path), refresh: false });
      return outcome.code === undefined ? { ...outcome, value: outcome.value.map(({ name }) => name) } : outcome;
    },
    readFile: (path) => this.#readWhole(path),
  };

  async #readWhole(path: string): Promise<Outcome<Buffer>> {
    const parts: Buffer[] = [];
    let first: string | undefined;
    for (let offset = 0; ; ) {
      const params = { path: toAccountPath(path), offset, length: files.readChunkBytes };
      const outcome = await this.ask(files.readFile, params);
      if (outcome.code !== undefined) return outcome;
      const { content, size, version } = outcome.value;
      const bytes = Buffer.from(content, 'base64');
      parts.push(bytes);
      offset += bytes.length;
      first ??= version;
      if (offset >= size || bytes.length === 0) return { ...outcome, value: Buffer.concat(parts) };
      if (version !== first) return { ...outcome, disturbed: true, value: Buffer.concat(parts) };
    }
  }
}

/** @throws Violation when `found` is not what was expected */
export function expectBytes(what: string, found: Buffer, expected: Buffer): void {
  if (!found.equals(expected)) throw new Violation([`${what} holds ${describe(found)}, not ${describe(expected)}`]);
}
