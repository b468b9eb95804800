import type { ContentRef } from '../content/blocks.ts';
import type { LocalBytes } from '../content/contentReader.ts';
import type { Loan } from '../content/loan.ts';
import type { Ino, NodeRow, Place } from '../store/nodeRow.ts';
import type { ConflictNames } from '../sync/tree/conflicts.ts';
import * as attr from './attr.ts';
import * as content from './content.ts';
import { type Bounds, createContext, getHandle, isReadOnly, type VfsContext, type VfsDeps } from './context.ts';
import * as creation from './create.ts';
import * as discarding from './discard.ts';
import * as links from './links.ts';
import * as lookups from './lookup.ts';
import * as opening from './open.ts';
import type { Fh } from './openInode.ts';
import * as puts from './put.ts';
import * as ranges from './ranges.ts';
import * as reads from './reads.ts';
import * as removal from './remove.ts';
import * as renaming from './rename.ts';
import * as symlinks from './symlink.ts';
import * as times from './times.ts';
import * as xattrs from './xattrs.ts';

export type { Attr } from './attr.ts';
export type { Bounds, VfsDeps } from './context.ts';
export type { DirEntry } from './lookup.ts';
export type { OpenOptions } from './open.ts';
export type { Draft, PutOptions } from './put.ts';
export type { TimeChange } from './times.ts';

/**
 * The tree as a file system: inodes, names and handles over the node table. Every mutation is local and durable as
 * SEMANTICS.md says; the pusher is nudged. Rejects (or throws) with ErrnoError only. The contract of each method stands
 * at the function of the same name in the file it comes from.
 */
export class Vfs {
  readonly #context: VfsContext;

  constructor(deps: VfsDeps, context: VfsContext = createContext(deps)) {
    this.#context = context;
  }

  /** This file system, as a volume with these bounds shows it. */
  within(bounds: Bounds): Vfs {
    return new Vfs(this.#context, { ...this.#context, bounds });
  }

  /** The context of a file operation that is work: the drive's own work makes way for many of them. */
  get #asked(): VfsContext {
    this.#context.foreground.note();
    return this.#context;
  }

  get openHandles(): number {
    return this.#context.handles.size;
  }

  lookup(parent: Ino, name: string): Promise<NodeRow> {
    return lookups.lookup(this.#asked, parent, name);
  }

  /** As `lookup`; undefined instead of ENOENT. */
  find(parent: Ino, name: string): Promise<NodeRow | undefined> {
    return lookups.find(this.#asked, parent, name);
  }

  resolve(start: Ino, names: readonly string[]): Promise<NodeRow> {
    return lookups.resolve(this.#asked, start, names);
  }

  getKnown(parent: Ino, name: string): NodeRow | undefined {
    return lookups.getKnown(this.#context, parent, name);
  }

  getPlace(ino: Ino): Place | undefined {
    return lookups.getPlace(this.#context, ino);
  }

  /** A folder is looked at without a call of ours: the system shows what it keeps. */
  noteViewed(folder: Ino): void {
    this.#context.folders.noteViewed(folder);
  }

  readdir(ino: Ino): Promise<lookups.DirEntry[]> {
    return lookups.readdir(this.#asked, ino);
  }

  /** Without the network. */
  getShownChild(parent: Ino, name: string): NodeRow | undefined {
    return links.getShownChild(this.#context, parent, name);
  }

  getShownName(row: NodeRow): string {
    return links.getShownName(this.#context, row);
  }

  /** The account only lets it be read. */
  isReadOnly(ino: Ino): boolean {
    return isReadOnly(this.#context, ino);
  }

  isLink(row: NodeRow): boolean {
    return links.isLink(this.#context, row);
  }

  getAttr(ino: Ino): attr.Attr {
    return attr.getAttr(this.#context, ino);
  }

  getHandleAttr(fh: Fh): attr.Attr {
    return attr.getAttr(this.#context, getHandle(this.#context, fh).ino);
  }

  setTimes(ino: Ino, mtime: times.TimeChange): Promise<void> {
    return times.setTimes(this.#asked, ino, mtime);
  }

  setMode(ino: Ino, mode: number): void {
    attr.setMode(this.#asked, ino, mode);
  }

  noteOwner(ino: Ino): void {
    attr.noteOwner(this.#context, ino);
  }

  open(ino: Ino, options: opening.OpenOptions): Promise<Fh> {
    return opening.open(this.#asked, ino, options);
  }

  create(
    parent: Ino,
    name: string,
    mode: number,
    options: opening.OpenOptions & { exclusive: boolean },
  ): Promise<{ row: NodeRow; fh: Fh }> {
    return opening.create(this.#asked, parent, name, mode, options);
  }

  put(place: Place, options: puts.PutOptions, fill: (draft: puts.Draft) => Promise<void>): Promise<NodeRow> {
    return puts.put(this.#asked, place, options, fill);
  }

  read(fh: Fh, position: number, length: number): Promise<Buffer> {
    return reads.read(this.#asked, fh, position, length);
  }

  borrow(fh: Fh, position: number, length: number): Loan | Promise<Loan> {
    return reads.borrow(this.#asked, fh, position, length);
  }

  getServerContent(fh: Fh): ContentRef | undefined {
    return reads.getServerContent(this.#context, getHandle(this.#context, fh).ino);
  }

  readLocal(fh: Fh, position: number, length: number): Promise<LocalBytes> {
    return reads.readLocal(this.#asked, fh, position, length);
  }

  /** True where a read of all of the file would not touch the network. */
  isLocal(ino: Ino): boolean {
    return reads.isLocal(this.#context, ino);
  }

  write(fh: Fh, bytes: Buffer, position: number, mapped = false): Promise<number> {
    return content.write(this.#asked, fh, bytes, position, mapped);
  }

  truncate(ino: Ino, size: number): Promise<void> {
    return opening.truncate(this.#asked, ino, size);
  }

  truncateHandle(fh: Fh, size: number): Promise<void> {
    return content.truncateHandle(this.#asked, fh, size);
  }

  allocate(fh: Fh, start: number, length: number, mode: ranges.AllocateMode): Promise<void> {
    return ranges.allocate(this.#asked, fh, start, length, mode);
  }

  copyRange(from: { fh: Fh; position: number }, to: { fh: Fh; position: number }, length: number): Promise<number> {
    return ranges.copyRange(this.#asked, from, to, length);
  }

  seek(fh: Fh, position: number, what: 'data' | 'hole'): number {
    return ranges.seek(this.#asked, fh, position, what);
  }

  flush(ino: Ino): Promise<void> {
    return content.flush(this.#asked, ino);
  }

  flushHandle(fh: Fh): Promise<void> {
    return opening.flushHandle(this.#asked, fh);
  }

  syncHandle(fh: Fh): Promise<void> {
    return opening.syncHandle(this.#asked, fh);
  }

  syncFile(ino: Ino): Promise<void> {
    return content.syncFile(this.#asked, ino);
  }

  release(fh: Fh): Promise<void> {
    return opening.release(this.#context, fh);
  }

  mkdir(parent: Ino, name: string, mode: number): Promise<NodeRow> {
    return creation.mkdir(this.#asked, parent, name, mode);
  }

  unlink(parent: Ino, name: string): Promise<void> {
    return removal.unlink(this.#asked, parent, name);
  }

  rmdir(parent: Ino, name: string): Promise<void> {
    return removal.rmdir(this.#asked, parent, name);
  }

  rename(from: Place, to: Place, mode: renaming.RenameMode): Promise<void> {
    return renaming.rename(this.#asked, from, to, mode);
  }

  tryHide(from: Place, to: Place): Promise<boolean> {
    return removal.tryHide(this.#asked, from, to);
  }

  symlink(parent: Ino, name: string, target: string): Promise<void> {
    return symlinks.symlink(this.#asked, parent, name, target);
  }

  putLink(place: Place, target: string, options: Pick<puts.PutOptions, 'create' | 'overwrite'>): Promise<NodeRow> {
    return symlinks.putLink(this.#asked, place, target, options);
  }

  readlink(ino: Ino): Promise<string> {
    return symlinks.readlink(this.#asked, ino);
  }

  getXattr(ino: Ino, name: string): Buffer {
    return xattrs.getXattr(this.#asked, ino, name);
  }

  listXattrs(ino: Ino): string[] {
    return xattrs.listXattrs(this.#asked, ino);
  }

  setXattr(ino: Ino, name: string, value: Buffer, options: { mode: xattrs.XattrMode; position: number }): void {
    xattrs.setXattr(this.#asked, ino, name, value, options);
  }

  removeXattr(ino: Ino, name: string): void {
    xattrs.removeXattr(this.#asked, ino, name);
  }

  discard(ino: Ino, names: ConflictNames): Promise<void> {
    return discarding.discard(this.#context, ino, names);
  }

  /** Does an open file show this content, or rest on it? */
  isInUse(md5: string): boolean {
    return [...this.#context.open.values()].some(
      ({ clean, staging }) => clean.md5 === md5 || staging?.info.base?.content.md5 === md5,
    );
  }

  /** Every change made so far survives the machine. */
  sync(): Promise<void> {
    return this.#context.barrier.barrier();
  }

  /** Writes the state of open files that have been quiet for `quietMs` to the database; 0 for all of them. Tries each; rejects with the first failure. */
  async flushQuiet(quietMs: number): Promise<void> {
    const { activity, clock, open } = this.#context;
    const getQuietMs = (ino: Ino) => clock.now() - activity.changedAt(ino);
    // A change in the future was made before the clock was put back.
    const quiet = [...open.keys()].filter((ino) => getQuietMs(ino) >= quietMs || getQuietMs(ino) < 0);
    const failures: unknown[] = [];
    for (const ino of quiet) await this.flush(ino).catch((error) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  }
}
