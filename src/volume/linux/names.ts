import { constants } from 'node:fs';
import { ErrnoError } from '../../base/errno.ts';
import type { Ino, NodeRow } from '../../store/nodeRow.ts';
import type { RenameMode } from '../../vfs/rename.ts';
import { missingEntry, putEntry } from './attrs.ts';
import { answerHeader, readU64, requests } from './layouts.ts';
import { done, inoOf, noteNames, type Operation, type Reply, type Request, readName, type Served } from './served.ts';

/** renameat2(2)'s flags, which node:fs does not name. */
const renameModes: Readonly<Record<number, RenameMode>> = { 0: 'replace', 1: 'noReplace', 2: 'exchange' };

/** The name under which the volume shows a node that was found as `name`. */
function shownAs({ vfs }: Served, { ino, name: stored }: NodeRow, name: string): string {
  return stored === name ? name : (vfs.getPlace(ino)?.name ?? name);
}

/** The entry for a node found, or just made, as `name` in a folder. */
export function entryOf(served: Served, request: Request, name: string, row: NodeRow) {
  const { ids, names, looks, vfs } = served;
  const parent = inoOf(served, request);
  const isShown = shownAs(served, row, name) === name;
  const inPlace = row.parent === parent && vfs.getPlace(row.ino) !== undefined;
  const attr = vfs.getAttr(row.ino);
  names.noteTold(parent);
  const isNode = isShown || looks.isExpected(request.pid, row.ino, name);
  return {
    put: (out: Buffer, start: number, open = false) => {
      const node = isNode || open ? ids.toId(row.ino) : ids.tellAlias(row.ino, name);
      return putEntry(out, start, node, attr, isShown && inPlace && !ids.isAlias(request.node), served);
    },
  };
}

const reply =
  (entry: ReturnType<typeof entryOf>): Reply =>
  (out) =>
    entry.put(out, answerHeader.bytes);

export const lookup: Operation = async (served, request) => {
  const { vfs, names, ids } = served;
  const parent = inoOf(served, request);
  const { name } = readName(request, requests.none.bytes);
  try {
    return reply(entryOf(served, request, name, await vfs.lookup(parent, name)));
  } catch (error) {
    if (!(error instanceof ErrnoError) || error.code !== 'ENOENT') throw error;
    return missingEntry(ids.isAlias(request.node) ? 0 : names.noteMissing(parent, name));
  }
};

/** After a name was made: what the kernel is told of it, when it knows what else has changed. */
export function noteMade(served: Served, request: Request, parent: Ino, name: string): void {
  served.names.noteMade(parent, name);
  noteNames(served, request.node, parent, name);
}

export const mkdir: Operation = async (served, request) => {
  const parent = inoOf(served, request);
  const mode = request.buffer.readUInt32LE(requests.mkdir.mode);
  const { name } = readName(request, requests.mkdir.bytes);
  const row = await served.vfs.mkdir(parent, name, mode);
  noteMade(served, request, parent, name);
  return reply(entryOf(served, request, name, row));
};

export const mknod: Operation = async (served, request) => {
  const { vfs } = served;
  const parent = inoOf(served, request);
  const mode = request.buffer.readUInt32LE(requests.mknod.mode);
  const { name } = readName(request, requests.mknod.bytes);
  if ((mode & constants.S_IFMT) !== constants.S_IFREG) return refuse();
  const options = { writing: true, append: false, truncate: false, exclusive: true };
  const { row, fh } = await vfs.create(parent, name, mode, options);
  await vfs.release(fh);
  noteMade(served, request, parent, name);
  return reply(entryOf(served, request, name, row));
};

export const symlink: Operation = async (served, request) => {
  const { vfs } = served;
  const parent = inoOf(served, request);
  const { name, next } = readName(request, requests.none.bytes);
  const { name: target } = readName(request, next);
  await vfs.symlink(parent, name, target);
  const row = await vfs.lookup(parent, name);
  noteMade(served, request, parent, name);
  return reply(entryOf(served, request, name, row));
};

export const readlink: Operation = async (served, request) =>
  Buffer.from(await served.vfs.readlink(inoOf(served, request)));

/** A plain refusal, so that programs fall back: git copies instead of linking. */
export const link: Operation = () => refuse();

export const unlink: Operation = async (served, request) => {
  const parent = inoOf(served, request);
  const { name } = readName(request, requests.none.bytes);
  const found = await lookShown(served, parent, name);
  await served.vfs.unlink(parent, name);
  return noteGone(served, request, parent, name, found);
};

export const rmdir: Operation = async (served, request) => {
  const parent = inoOf(served, request);
  const { name } = readName(request, requests.none.bytes);
  const found = await lookShown(served, parent, name);
  await served.vfs.rmdir(parent, name);
  return noteGone(served, request, parent, name, found);
};

function noteGone(served: Served, request: Request, parent: Ino, name: string, { shown, ino }: Found): Reply {
  const { names, notices, ids } = served;
  names.noteGone(parent, name, shown);
  // To the kernel an alias lost its name; who has the file open sees that it has none.
  if (ino !== undefined) notices.attributes(ids.toId(ino));
  noteNames(served, request.node, parent, name, ...(shown === name ? [] : [shown]));
  return done;
}

export const rename: Operation = (served, request) =>
  move(served, request, 'replace', readU64(request.buffer, requests.rename.folder), requests.rename.bytes);

export const rename2: Operation = (served, request) => {
  const mode = renameModes[request.buffer.readUInt32LE(requests.rename2.flags)];
  if (mode === undefined) throw new ErrnoError('EINVAL', 'rename flag is not supported');
  return move(served, request, mode, readU64(request.buffer, requests.rename2.folder), requests.rename2.bytes);
};

async function move(served: Served, request: Request, mode: RenameMode, folder: number, start: number): Promise<Reply> {
  const { vfs, names, ids } = served;
  const [from, to] = [inoOf(served, request), ids.toIno(folder)];
  const { name: old, next } = readName(request, start);
  const { name } = readName(request, next);
  const source = await lookShown(served, from, old);
  const target = await lookShown(served, to, name);
  await vfs.rename({ parent: from, name: old }, { parent: to, name }, mode);
  names.noteGone(from, old, source.shown);
  names.noteGone(to, name, target.shown);
  names.noteMade(to, name);
  for (const { ino } of [source, target]) if (ino !== undefined) served.notices.attributes(ids.toId(ino));
  noteNames(served, request.node, from, ...new Set([old, source.shown]));
  noteNames(served, folder, to, ...new Set([name, target.shown]));
  return done;
}

interface Found {
  /** The name under which it is shown. */
  readonly shown: string;
  /** Only when it was found by another one. */
  readonly ino?: Ino;
}

/** What `name` stands for, if it is not itself the name that is shown. */
async function lookShown(served: Served, parent: Ino, name: string): Promise<Found> {
  // The kernel has looked it up just before.
  if (!served.ids.isSpelling(name)) return { shown: name };
  const row = await served.vfs.lookup(parent, name).catch(() => undefined);
  if (row === undefined) return { shown: name };
  const shown = shownAs(served, row, name);
  return shown === name ? { shown } : { shown, ino: row.ino };
}

function refuse(): never {
  throw new ErrnoError('EPERM', 'not possible on this volume');
}
