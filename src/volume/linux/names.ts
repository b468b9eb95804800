import { constants } from 'node:fs';
import { ErrnoError } from '../../base/errno.ts';
import { lendOwn } from '../../content/loan.ts';
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

/** The entry for a node found, or just made, as `name` in a folder; `isRefused`: the kernel cannot have the node itself there. */
export function entryOf(served: Served, request: Request, name: string, row: NodeRow, isRefused = false) {
  const { ids, names, looks, corrections, vfs } = served;
  const parent = inoOf(served, request);
  const isShown = shownAs(served, row, name) === name;
  const inPlace = row.parent === parent && vfs.getPlace(row.ino) !== undefined;
  const attr = vfs.getAttr(row.ino);
  names.noteTold(parent);
  const isNode = ids.isFormer(row.ino, name) || looks.isExpected(request.pid, row.ino, name);
  const tell = (open: boolean) => {
    if (isShown) return isRefused ? ids.tellMoved(row.ino, { parent, name }) : ids.tellShown(row.ino);
    return isNode || open ? ids.toId(row.ino) : ids.tellAlias(row.ino, name);
  };
  return {
    put: (out: Buffer, start: number, open = false) => {
      const kept = isShown && inPlace && !isRefused && !ids.isAlias(request.node) && corrections.canKeep(parent);
      return putEntry(out, start, tell(open), attr, kept, served);
    },
  };
}

const reply =
  (entry: ReturnType<typeof entryOf>): Reply =>
  (out) =>
    entry.put(out, answerHeader.bytes);

export const lookup: Operation = async (served, request) => {
  const { vfs, names, ids, moved, corrections } = served;
  const { pid } = request;
  const parent = inoOf(served, request);
  const { name } = readName(request, requests.none.bytes);
  const row = await vfs.find(parent, name);
  if (row !== undefined) {
    const isRefused = moved.isRefused(pid, row.ino);
    return reply(entryOf(served, request, name, row, isRefused));
  }
  const canKeep = !ids.isAlias(request.node) && corrections.canKeep(parent);
  return missingEntry(canKeep ? names.noteMissing(parent, name) : 0);
};

/** Makes a name, unless its thread is to come again (corrections.ts); then tells of it. */
export async function make<T>(served: Served, request: Request, name: string, work: () => Promise<T>): Promise<T> {
  const { names, corrections } = served;
  const { pid, node } = request;
  corrections.check({ pid, folders: [node], name }, names.getWrongIfMade(node, name));
  try {
    const made = await work();
    const parent = inoOf(served, request);
    names.forgetMissing(parent, name);
    noteNames(served, node, parent, name);
    return made;
  } finally {
    corrections.end(pid);
  }
}

export const mkdir: Operation = async (served, request) => {
  const parent = inoOf(served, request);
  const mode = request.buffer.readUInt32LE(requests.mkdir.mode);
  const { name } = readName(request, requests.mkdir.bytes);
  const row = await make(served, request, name, () => served.vfs.mkdir(parent, name, mode));
  return reply(entryOf(served, request, name, row));
};

export const mknod: Operation = async (served, request) => {
  const { vfs } = served;
  const parent = inoOf(served, request);
  const mode = request.buffer.readUInt32LE(requests.mknod.mode);
  const { name } = readName(request, requests.mknod.bytes);
  if ((mode & constants.S_IFMT) !== constants.S_IFREG) return refuse();
  const options = { writing: true, append: false, truncate: false, exclusive: true };
  const row = await make(served, request, name, async () => {
    const { row, fh } = await vfs.create(parent, name, mode, options);
    await vfs.release(fh);
    return row;
  });
  return reply(entryOf(served, request, name, row));
};

export const symlink: Operation = async (served, request) => {
  const { vfs } = served;
  const parent = inoOf(served, request);
  const { name, next } = readName(request, requests.none.bytes);
  const { name: target } = readName(request, next);
  const row = await make(served, request, name, async () => {
    await vfs.symlink(parent, name, target);
    return vfs.lookup(parent, name);
  });
  return reply(entryOf(served, request, name, row));
};

export const readlink: Operation = async (served, request) =>
  lendOwn(Buffer.from(await served.vfs.readlink(inoOf(served, request))));

/** A plain refusal, so that programs fall back: git copies instead of linking. */
export const link: Operation = () => refuse();

export const unlink: Operation = (served, request) =>
  remove(served, request, (parent, name) => served.vfs.unlink(parent, name));

export const rmdir: Operation = (served, request) =>
  remove(served, request, (parent, name) => served.vfs.rmdir(parent, name));

async function remove(
  served: Served,
  request: Request,
  work: (parent: Ino, name: string) => Promise<void>,
): Promise<Reply> {
  const { names, corrections, notices, ids } = served;
  const { pid, node } = request;
  const parent = inoOf(served, request);
  const { name } = readName(request, requests.none.bytes);
  const { shown, ino } = await lookShown(served, parent, name);
  corrections.check({ pid, folders: [node], name }, names.getWrongIfGone(node, name, shown));
  try {
    await work(parent, name);
  } finally {
    corrections.end(pid);
  }
  // To the kernel an alias lost its name; who has the file open sees that it has none.
  if (ino !== undefined) notices.attributes(ids.toId(ino));
  noteNames(served, node, parent, ...new Set([name, shown]));
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
  const { vfs, names, corrections, ids } = served;
  const { pid, node } = request;
  const [from, to] = [inoOf(served, request), ids.toIno(folder)];
  const { name: old, next } = readName(request, start);
  const { name } = readName(request, next);
  const source = await lookShown(served, from, old);
  const target = await lookShown(served, to, name);
  const isItself = from === to && source.shown === target.shown;
  const wrong = [
    ...names.getWrongIfGone(node, old, source.shown),
    ...(isItself ? [] : names.getWrongIfGone(folder, name, target.shown)),
    ...names.getWrongIfMade(folder, name),
  ];
  corrections.check({ pid, folders: [node, folder], name: `${old}/${name}` }, wrong);
  try {
    await vfs.rename({ parent: from, name: old }, { parent: to, name }, mode);
  } finally {
    corrections.end(pid);
  }
  names.forgetMissing(to, name);
  for (const { ino } of [source, target]) if (ino !== undefined) served.notices.attributes(ids.toId(ino));
  noteNames(served, node, from, ...new Set([old, source.shown]));
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
