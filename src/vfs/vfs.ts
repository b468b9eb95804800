import type { Clock } from '../base/clock.ts';
import { ErrnoError } from '../base/errno.ts';
import { KeyedMutex } from '../base/flights.ts';
import type { Log } from '../base/log.ts';
import { type ContentReader, newReadahead } from '../cache/contentReader.ts';
import type { DurabilityBarrier } from '../cache/durability.ts';
import { emptyMd5 } from '../cache/limits.ts';
import { type Ino, type NodeRow, rootIno, type Timestamp } from '../cache/nodeRow.ts';
import type { Nodes } from '../cache/nodes.ts';
import type { StagingFile } from '../cache/stagingFile.ts';
import type { StagingStore } from '../cache/stagingStore.ts';
import type { Activity } from '../writeback/activity.ts';
import type { Folders } from '../writeback/folders.ts';
import { defaultFileMode, defaultFolderMode } from '../writeback/merge.ts';
import { isLocallyWithin } from '../writeback/paths.ts';
import type { Pusher } from '../writeback/pusher.ts';
import { toErrno } from './errors.ts';
import { vfsLimits } from './limits.ts';
import { checkNewName, isHiddenName, isLocalOnlyName } from './names.ts';
import type { Fh, Handle, OpenInode } from './openInode.ts';

export interface VfsDeps {
  readonly nodes: Nodes;
  readonly staging: StagingStore;
  readonly reader: ContentReader;
  readonly barrier: DurabilityBarrier;
  readonly activity: Activity;
  readonly folders: Folders;
  readonly pusher: Pusher;
  readonly clock: Clock;
  readonly log: Log;
}

export interface OpenOptions {
  readonly writing: boolean;
  readonly append: boolean;
  readonly truncate: boolean;
}

export type TimeChange = Timestamp | 'now' | 'omit';

export interface Attr {
  readonly ino: Ino;
  readonly kind: 'file' | 'folder';
  /** Bytes. */
  readonly size: number;
  readonly mtime: Timestamp;
  readonly ctimeMs: number;
  readonly mode: number;
}

/**
 * The tree as a file system: inodes, names and handles over the node table. Every mutation is local and durable as
 * SEMANTICS.md says; the pusher is nudged. Rejects with ErrnoError only.
 */
export class Vfs {
  readonly #deps: VfsDeps;
  readonly #handles = new Map<Fh, Handle>();
  readonly #open = new Map<Ino, OpenInode>();
  /** libfuse's hidden names of unlinked open files: they live here, not in the tree. Key: `parent/name`. */
  readonly #hiddenNames = new Map<string, Ino>();
  readonly #writing = new KeyedMutex<Ino>();
  #nextFh: Fh = 1;

  constructor(deps: VfsDeps) {
    this.#deps = deps;
  }

  get openHandles(): number {
    return this.#handles.size;
  }

  /** Node under any spelling of `name`. ENOENT only when the folder is known and has no such child. */
  async lookup(parent: Ino, name: string): Promise<NodeRow> {
    const { nodes, folders } = this.#deps;
    if (isHiddenName(name)) {
      const row = nodes.get(this.#hiddenNames.get(`${parent}/${name}`) ?? 0);
      if (row === undefined) throw new ErrnoError('ENOENT', 'no such file');
      return row;
    }
    folders.noteUse(parent);
    const known = nodes.getChild(parent, name);
    if (known !== undefined) return known;
    const folder = this.#folder(parent);
    if (isLocalOnlyName(name)) throw new ErrnoError('ENOENT', 'no such file');
    if (folder.listedAt === null) await this.#ensureListed(parent);
    const found = nodes.getChild(parent, name);
    if (found === undefined) throw new ErrnoError('ENOENT', 'no such file');
    return found;
  }

  /** Walks `names` down from `start`. */
  async resolve(start: Ino, names: readonly string[]): Promise<NodeRow> {
    let row = this.#row(start);
    for (const name of names) {
      if (row.kind === 'file') throw new ErrnoError('ENOTDIR', 'not a folder');
      row = await this.lookup(row.ino, name);
    }
    return row;
  }

  getAttr(ino: Ino): Attr {
    const row = this.#row(ino);
    const open = this.#open.get(ino);
    return {
      ino,
      kind: row.kind === 'file' ? 'file' : 'folder',
      size: this.#isNewest(open?.staging, row) ? (open?.staging?.size ?? row.size) : row.size,
      mtime: row.mtime,
      ctimeMs: row.ctimeMs,
      mode: row.mode,
    };
  }

  getHandleAttr(fh: Fh): Attr {
    return this.getAttr(this.#handle(fh).ino);
  }

  /** All children, from the database once the folder has been listed. */
  async readdir(ino: Ino): Promise<NodeRow[]> {
    const row = this.#folder(ino);
    await this.#ensureListed(row.ino);
    return this.#deps.nodes.getChildren(ino);
  }

  async open(ino: Ino, options: OpenOptions): Promise<Fh> {
    const row = this.#row(ino);
    if (row.kind !== 'file') throw new ErrnoError('EISDIR', 'is a folder');
    const handle = this.#newHandle(row, options);
    try {
      await this.#writing.run(ino, async () => {
        const open = this.#open.get(ino) as OpenInode;
        if (row.staging !== null && open.staging === undefined) {
          open.staging = await this.#deps.staging.open(row.staging, this.#deps.reader);
        }
        if (options.truncate && this.getAttr(ino).size > 0) await this.#truncate(ino, 0);
      });
      return handle.fh;
    } catch (error) {
      await this.release(handle.fh);
      throw toErrno(error);
    }
  }

  /** Creates and opens. EEXIST when the name is taken (in any spelling) and `exclusive`. */
  async create(
    parent: Ino,
    name: string,
    mode: number,
    options: OpenOptions & { exclusive: boolean },
  ): Promise<{ row: NodeRow; fh: Fh }> {
    const { nodes } = this.#deps;
    await this.#prepareParent(parent, name);
    const existing = nodes.getChild(parent, name);
    if (existing !== undefined) {
      if (options.exclusive) throw new ErrnoError('EEXIST', 'file exists');
      return { row: existing, fh: await this.open(existing.ino, options) };
    }
    const row = this.#insert(parent, name, 'file', mode === 0 ? defaultFileMode : mode & 0o7777);
    const fh = this.#newHandle(row, options).fh;
    return { row, fh };
  }

  async read(fh: Fh, position: number, length: number): Promise<Buffer> {
    const handle = this.#handle(fh);
    const open = this.#open.get(handle.ino) as OpenInode;
    const bytes =
      open.staging === undefined
        ? this.#deps.reader.read(open.clean, position, position + length, handle.ahead)
        : open.staging.read(position, position + length, handle.ahead);
    return withDeadline(bytes, vfsLimits.readDeadlineMs);
  }

  async write(fh: Fh, bytes: Buffer, position: number): Promise<number> {
    const handle = this.#handle(fh);
    return this.#writing.run(handle.ino, async () => {
      try {
        const staging = await this.#ensureStaging(handle.ino);
        await staging.write(bytes, handle.append ? staging.size : position);
        this.#noteWrite(handle.ino);
        return bytes.length;
      } catch (error) {
        throw toErrno(error);
      }
    });
  }

  async truncate(ino: Ino, size: number): Promise<void> {
    if (this.#row(ino).kind !== 'file') throw new ErrnoError('EISDIR', 'is a folder');
    await this.#withOpen(ino, () => this.#writing.run(ino, () => this.#truncate(ino, size)));
  }

  async truncateHandle(fh: Fh, size: number): Promise<void> {
    const { ino } = this.#handle(fh);
    await this.#writing.run(ino, () => this.#truncate(ino, size));
  }

  /** After this the bytes written through any handle survive the process and the machine. */
  async flush(ino: Ino): Promise<void> {
    await this.#writing.run(ino, () => this.#flush(ino));
  }

  async flushHandle(fh: Fh): Promise<void> {
    const handle = this.#handle(fh);
    if (!handle.writing) return;
    await this.flush(handle.ino);
    // A new name without bytes is a change too.
    await this.#deps.barrier.barrier();
  }

  /** Every change made so far survives the machine. */
  async sync(): Promise<void> {
    await this.#deps.barrier.barrier();
  }

  async release(fh: Fh): Promise<void> {
    const handle = this.#handle(fh);
    const { activity, nodes, staging, pusher } = this.#deps;
    await this.#writing.run(handle.ino, async () => {
      const open = this.#open.get(handle.ino) as OpenInode;
      if (open.staging?.dirty === true) await this.#flush(handle.ino);
      this.#handles.delete(fh);
      activity.noteClose(handle.ino, handle.writing);
      open.handles -= 1;
      if (open.handles > 0) return;
      this.#open.delete(handle.ino);
      const row = nodes.get(handle.ino);
      if (open.staging !== undefined) await staging.close(open.staging.id);
      if (row === undefined || (row.parent === null && row.synced === null && row.ino !== rootIno)) {
        await this.#forget(handle.ino, row);
      } else if (row.parent === null && row.staging !== null) {
        nodes.update(row.ino, { staging: null, md5: row.synced?.md5 ?? emptyMd5 });
        await staging.discard(row.staging);
      }
    });
    pusher.nudge();
  }

  async mkdir(parent: Ino, name: string, mode: number): Promise<NodeRow> {
    await this.#prepareParent(parent, name);
    if (this.#deps.nodes.getChild(parent, name) !== undefined) throw new ErrnoError('EEXIST', 'name is taken');
    const row = this.#insert(parent, name, 'folder', mode === 0 ? defaultFolderMode : mode & 0o7777);
    await this.#deps.barrier.barrier();
    this.#deps.pusher.nudge();
    return row;
  }

  async unlink(parent: Ino, name: string): Promise<void> {
    if (isHiddenName(name)) {
      this.#hiddenNames.delete(`${parent}/${name}`);
      return;
    }
    const row = await this.lookup(parent, name);
    if (row.kind !== 'file') throw new ErrnoError('EISDIR', 'is a folder');
    await this.#remove(row);
  }

  async rmdir(parent: Ino, name: string): Promise<void> {
    const row = await this.lookup(parent, name);
    if (row.kind === 'file') throw new ErrnoError('ENOTDIR', 'not a folder');
    await this.#ensureEmptied(row);
    await this.#remove(row);
  }

  async rename(
    parent: Ino,
    name: string,
    newParent: Ino,
    newName: string,
    options: { noReplace: boolean },
  ): Promise<void> {
    const { nodes } = this.#deps;
    const row = await this.lookup(parent, name);
    if (row.kind !== 'file' && row.kind !== 'folder') throw new ErrnoError('EPERM', 'not movable');
    if (isHiddenName(newName)) {
      this.#hiddenNames.set(`${newParent}/${newName}`, row.ino);
      await this.#remove(row);
      return;
    }
    await this.#prepareParent(newParent, newName);
    if (row.kind === 'folder' && isLocallyWithin(nodes, newParent, row.ino)) {
      throw new ErrnoError('EINVAL', 'a folder cannot go into itself');
    }
    const target = nodes.getChild(newParent, newName);
    if (target !== undefined && target.ino !== row.ino) {
      if (options.noReplace) throw new ErrnoError('EEXIST', 'name is taken');
      if (target.kind === 'file' && row.kind !== 'file') throw new ErrnoError('ENOTDIR', 'target is a file');
      if (target.kind !== 'file' && row.kind === 'file') throw new ErrnoError('EISDIR', 'target is a folder');
      if (target.kind !== 'file') await this.#ensureEmptied(target);
    }
    const stored = checkNewName(newName);
    const localOnly = isLocalOnlyName(stored) || this.#row(newParent).localOnly;
    if (localOnly && !row.localOnly && (row.synced !== null || row.kind === 'folder')) {
      // What the server holds cannot become local-only by a rename: programs then copy and delete.
      throw new ErrnoError('EXDEV', 'between synced and local-only files');
    }
    const discarded = nodes.transaction(() => {
      const staging = target !== undefined && target.ino !== row.ino ? this.#detach(target) : null;
      if (row.localOnly && !localOnly) this.#release(row.ino);
      nodes.update(row.ino, {
        parent: newParent,
        name: stored,
        localOnly,
        ctimeMs: this.#deps.clock.now(),
        failure: null,
      });
      return staging;
    });
    if (discarded !== null) await this.#deps.staging.discard(discarded);
    this.#deps.activity.noteChange(row.ino);
    await this.#deps.barrier.barrier();
    this.#deps.pusher.nudge();
  }

  /** `atime` is not kept. The time survives a later flush, is sent with the upload, or by itself when the content is clean. */
  async setTimes(ino: Ino, mtime: TimeChange): Promise<void> {
    if (mtime === 'omit') return;
    const time = mtime === 'now' ? this.#now() : mtime;
    await this.#writing.run(ino, async () => {
      const open = this.#open.get(ino);
      if (open?.staging?.dirty === true) await this.#flush(ino);
      this.#row(ino);
      this.#deps.nodes.update(ino, { mtime: time, ctimeMs: this.#deps.clock.now() });
      this.#deps.activity.noteChange(ino);
    });
    this.#deps.pusher.nudge();
  }

  /** Mode bits have no home on the server: they are kept with the node. */
  setMode(ino: Ino, mode: number): void {
    this.#row(ino);
    this.#deps.nodes.update(ino, { mode: mode & 0o7777, ctimeMs: this.#deps.clock.now() });
  }

  /** Writes the state of every open file to the database: called before the process ends. */
  async flushAll(): Promise<void> {
    for (const ino of [...this.#open.keys()]) await this.flush(ino);
    await this.#deps.barrier.barrier();
  }

  // Handles and staging

  #newHandle(row: NodeRow, options: OpenOptions): Handle {
    const { writing, append } = options;
    const handle: Handle = { fh: this.#nextFh, ino: row.ino, writing, append, ahead: newReadahead() };
    this.#nextFh += 1;
    this.#handles.set(handle.fh, handle);
    this.#deps.activity.noteOpen(row.ino, writing);
    const open = this.#open.get(row.ino);
    const clean = { md5: row.md5 ?? emptyMd5, size: row.md5 === null ? 0 : row.size };
    if (open === undefined) {
      this.#open.set(row.ino, { ino: row.ino, handles: 1, clean, staging: undefined });
    } else open.handles += 1;
    return handle;
  }

  /** Does this staging file, rather than the row, tell the size? Not once an upload has made its bytes clean. */
  #isNewest(staging: StagingFile | undefined, row: NodeRow): boolean {
    return staging !== undefined && (staging.dirty || row.staging === staging.id);
  }

  async #ensureStaging(ino: Ino): Promise<StagingFile> {
    const open = this.#open.get(ino) as OpenInode;
    const row = this.#deps.nodes.get(ino);
    const adopted = open.staging !== undefined && row !== undefined && row.staging === null && row.md5 !== null;
    if (open.staging !== undefined && (open.staging.dirty || !adopted)) return open.staging;
    if (open.staging !== undefined) await this.#deps.staging.close(open.staging.id);
    if (row !== undefined && row.md5 !== null) open.clean = { md5: row.md5, size: row.size };
    const base = open.clean.size === 0 ? null : { content: open.clean, limit: open.clean.size };
    open.staging = await this.#deps.staging.create(base, this.#deps.reader);
    return open.staging;
  }

  async #truncate(ino: Ino, size: number): Promise<void> {
    const staging = await this.#ensureStaging(ino);
    if (staging.size === size && !staging.dirty && this.#deps.nodes.get(ino)?.staging === staging.id) return;
    await staging.truncate(size);
    this.#noteWrite(ino);
  }

  #noteWrite(ino: Ino): void {
    const { activity, pusher, nodes } = this.#deps;
    activity.noteChange(ino);
    activity.noteUnflushed(ino, true);
    pusher.cancelUpload(ino);
    // Seen at once by getattr; made durable by the flush.
    if (nodes.get(ino) !== undefined) nodes.peekTime(ino, this.#now());
  }

  async #flush(ino: Ino): Promise<void> {
    const { nodes, staging, barrier, pusher, activity } = this.#deps;
    const open = this.#open.get(ino);
    const file = open?.staging;
    if (file === undefined || !file.dirty) return;
    file.dirty = false;
    try {
      await file.sync();
      const row = nodes.get(ino);
      if (row === undefined) throw new ErrnoError('ESTALE', 'the file is gone');
      nodes.transaction(() => {
        staging.save(file.info);
        nodes.update(ino, {
          staging: file.id,
          md5: null,
          size: file.size,
          mtime: row.mtime,
          ctimeMs: this.#deps.clock.now(),
          failure: null,
        });
      });
      activity.noteUnflushed(ino, file.dirty);
      await barrier.barrier();
    } catch (error) {
      file.dirty = true;
      activity.noteUnflushed(ino, true);
      throw toErrno(error);
    }
    activity.noteChange(ino);
    pusher.nudge();
  }

  /** Opens the inode for the time of `work` when nobody else has. */
  async #withOpen(ino: Ino, work: () => Promise<void>): Promise<void> {
    const fh = await this.open(ino, { writing: true, append: false, truncate: false });
    try {
      await work();
    } finally {
      await this.release(fh);
    }
  }

  // Names

  async #prepareParent(parent: Ino, name: string): Promise<void> {
    const folder = this.#folder(parent);
    checkNewName(name);
    if (isHiddenName(name)) throw new ErrnoError('EPERM', 'the name is reserved');
    if (folder.kind === 'root' || folder.kind === 'device') {
      throw new ErrnoError('EPERM', 'only folders and mountpoints take files');
    }
    if (!isLocalOnlyName(name)) await this.#ensureListed(parent);
  }

  /** ENOTEMPTY unless the folder holds nothing but litter, which goes with it. */
  async #ensureEmptied(folder: NodeRow): Promise<void> {
    if (folder.kind !== 'folder') throw new ErrnoError('EPERM', 'devices and mountpoints are not removed from here');
    // What the server holds must be known before it is said to be empty: its own rmdir is recursive.
    await this.#ensureListed(folder.ino);
    const children = this.#deps.nodes.getChildren(folder.ino);
    if (children.some((child) => !child.localOnly)) throw new ErrnoError('ENOTEMPTY', 'folder is not empty');
    for (const child of children) await this.#remove(child);
  }

  #insert(parent: Ino, name: string, kind: 'file' | 'folder', mode: number): NodeRow {
    const { nodes, activity, clock } = this.#deps;
    const stored = checkNewName(name);
    const row = nodes.insert({
      kind,
      parent,
      name: stored,
      size: 0,
      mtime: this.#now(),
      ctimeMs: clock.now(),
      mode,
      md5: kind === 'file' ? emptyMd5 : null,
      localOnly: this.#row(parent).localOnly || isLocalOnlyName(stored),
      synced: null,
    });
    activity.noteChange(row.ino);
    return kind === 'folder' ? nodes.update(row.ino, { listedAt: clock.now() }) : row;
  }

  async #remove(row: NodeRow): Promise<void> {
    const { nodes, activity, pusher, barrier, staging } = this.#deps;
    pusher.cancelUpload(row.ino);
    const discarded = nodes.transaction(() => this.#detach(row));
    if (discarded !== null) await staging.discard(discarded);
    activity.noteChange(row.ino);
    await barrier.barrier();
    pusher.nudge();
  }

  /** Takes a node out of the tree. What the server holds stays as a removed row; open handles keep their bytes. */
  #detach(row: NodeRow): string | null {
    const { nodes } = this.#deps;
    const open = this.#open.has(row.ino) || this.#deps.pusher.isPushing(row.ino);
    if (row.synced === null && !open) {
      nodes.remove(row.ino);
      return row.staging;
    }
    const keepsStaging = open || row.staging === null;
    nodes.update(row.ino, {
      parent: null,
      failure: null,
      ...(keepsStaging ? {} : { staging: null, md5: row.synced?.md5 ?? emptyMd5 }),
    });
    return keepsStaging ? null : row.staging;
  }

  /** What leaves a local-only folder is to be uploaded, all that is below it too. */
  #release(folder: Ino): void {
    const { nodes, activity } = this.#deps;
    for (const child of nodes.getChildren(folder)) {
      if (isLocalOnlyName(child.name)) continue;
      nodes.update(child.ino, { localOnly: false });
      activity.noteChange(child.ino);
      this.#release(child.ino);
    }
  }

  /** Last release of a file that is no longer in the tree. */
  async #forget(ino: Ino, row: NodeRow | undefined): Promise<void> {
    this.#deps.activity.noteUnflushed(ino, false);
    if (row === undefined) return;
    this.#deps.nodes.remove(ino);
    if (row.staging !== null) await this.#deps.staging.discard(row.staging);
  }

  async #ensureListed(ino: Ino): Promise<void> {
    try {
      await this.#deps.folders.ensureListed(ino);
    } catch (error) {
      throw toErrno(error);
    }
  }

  #row(ino: Ino): NodeRow {
    const row = this.#deps.nodes.get(ino);
    if (row === undefined) throw new ErrnoError('ENOENT', `no node ${ino}`);
    return row;
  }

  #folder(ino: Ino): NodeRow {
    const row = this.#row(ino);
    if (row.kind === 'file') throw new ErrnoError('ENOTDIR', 'not a folder');
    return row;
  }

  #handle(fh: Fh): Handle {
    const handle = this.#handles.get(fh);
    if (handle === undefined) throw new ErrnoError('EBADF', `no handle ${fh}`);
    return handle;
  }

  #now(): Timestamp {
    const ms = this.#deps.clock.now();
    return { sec: Math.floor(ms / 1000), nsec: (ms % 1000) * 1_000_000 };
  }
}

async function withDeadline<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new ErrnoError('ETIMEDOUT', 'the bytes did not arrive in time')), ms);
  });
  try {
    return await Promise.race([work, deadline]);
  } catch (error) {
    throw toErrno(error);
  } finally {
    clearTimeout(timer);
  }
}
