import { constants } from 'node:fs';
import { md5 as md5Of } from '../../support/md5.ts';
import { caseInsensitive } from '../model/model.ts';
import { contentBytes, describeBytes, type OperationOf } from '../operations.ts';
import { CallError } from './calls.ts';
import { followRename, hideIfOpen, type Kernel, kindOf, type Stats, walk, walkToExisting } from './kernel.ts';
import { handleOf, readFile } from './onHandles.ts';
import { report, showMode, showTime, toTimespec } from './report.ts';
import type { Performers } from './vfsDriver.ts';

const renameFlags = { '': 0, NOREPLACE: 1, EXCHANGE: 2, WHITEOUT: 4, UNKNOWN: 64 };
const xattrFlags = { '': 0, XATTR_CREATE: 1, XATTR_REPLACE: 2 };

export const onNames: Performers<
  | 'mkdir'
  | 'rmdir'
  | 'unlink'
  | 'rename'
  | 'link'
  | 'symlink'
  | 'readlink'
  | 'mknod'
  | 'truncate'
  | 'stat'
  | 'lstat'
  | 'utimens'
  | 'chmod'
  | 'chown'
  | 'getxattr'
  | 'setxattr'
  | 'listxattr'
  | 'removexattr'
  | 'list'
  | 'listSome'
  | 'listRest'
  | 'tree'
> = {
  mkdir: async (kernel, { path, mode }) =>
    kernel.calls.value('mkdir', await vacant(kernel, path), mode & ~kernel.umask),
  rmdir: async (kernel, { path: given }) => {
    const { path, stats } = await walkToExisting(kernel, given, false);
    if (kindOf(stats) !== 'folder') throw new CallError('ENOTDIR');
    await kernel.calls.value('rmdir', path);
  },
  unlink: async (kernel, { path: given }) => {
    const { path, stats } = await walkToExisting(kernel, given, false);
    if (kindOf(stats) === 'folder') throw new CallError('EISDIR');
    if (!(await hideIfOpen(kernel, path))) await kernel.calls.value('unlink', path);
  },
  rename,
  link: async (kernel, { from, to }) =>
    kernel.calls.value('link', (await walkToExisting(kernel, from, false)).path, await vacant(kernel, to)),
  symlink: async (kernel, { target, path }) => {
    if (target === '') throw new CallError('ENOENT');
    await kernel.calls.value('symlink', target, await vacant(kernel, path));
  },
  readlink: async (kernel, { path: given }) => {
    const { path, stats } = await walkToExisting(kernel, given, false);
    if (kindOf(stats) !== 'link') throw new CallError('EINVAL');
    return kernel.calls.value<string>('readlink', path);
  },
  mknod: async (kernel, { path, kind }) => {
    const type = kind === 'file' ? constants.S_IFREG : constants.S_IFIFO;
    await kernel.calls.value('mknod', await vacant(kernel, path), type | 0o644, 0);
  },
  truncate: async (kernel, { path: given, size }) => {
    if (size < 0) throw new CallError('EINVAL');
    const { path, stats } = await walkToExisting(kernel, given);
    if (kindOf(stats) === 'folder') throw new CallError('EISDIR');
    await kernel.calls.value('truncate', path, size);
  },
  stat: async (kernel, { path, fields }) => report((await walkToExisting(kernel, path)).stats, fields),
  lstat: async (kernel, { path, fields }) => report((await walkToExisting(kernel, path, false)).stats, fields),
  utimens: async (kernel, { path: given, atime, mtime, follow }) => {
    if (atime === 'omit' && mtime === 'omit') return;
    const { path } = await walkToExisting(kernel, given, follow);
    await kernel.calls.value('utimensWithTimespec', path, toTimespec(atime), toTimespec(mtime));
  },
  chmod: async (kernel, { path: given, mode }) => {
    const { path, stats } = await walkToExisting(kernel, given);
    await kernel.calls.value('chmod', path, (stats.mode & constants.S_IFMT) | mode);
  },
  chown: async (kernel, { path: given, uid, gid, follow }) => {
    const { path } = await walkToExisting(kernel, given, follow);
    const [user = 0, group = 0] = [process.getuid?.(), process.getgid?.()];
    await kernel.calls.value('chown', path, toOwner(uid, user), toOwner(gid, group));
  },
  getxattr: async (kernel, { path, name, follow }) => {
    const place = (await walkToExisting(kernel, path, follow)).path;
    return describeBytes(await kernel.calls.value<Buffer>('getxattr', place, name, 0));
  },
  setxattr: async (kernel, { path, name, data, flags, follow }) => {
    const place = (await walkToExisting(kernel, path, follow)).path;
    await kernel.calls.value('setxattr', place, name, contentBytes(data), 0, xattrFlags[flags]);
  },
  listxattr: async (kernel, { path, follow }) =>
    (await kernel.calls.value<string[]>('listxattr', (await walkToExisting(kernel, path, follow)).path)).sort(),
  removexattr: async (kernel, { path, name, follow }) =>
    kernel.calls.value('removexattr', (await walkToExisting(kernel, path, follow)).path, name),
  list: async (kernel, { path }) => {
    const entries = await readFolder(kernel, path);
    return entries.map(({ name, stats }) => `${name} ${kindOf(stats)}`);
  },
  // As libfuse: the first step of a listing takes all of it, and the later ones hand it out.
  listSome: async (kernel, { fh }) => {
    const handle = handleOf(kernel, fh);
    handle.listing ??= (await listFolder(kernel, handle.path)).map(({ name }) => name);
  },
  listRest: async (kernel, { fh, prefix }) => {
    const handle = handleOf(kernel, fh);
    const names = handle.listing ?? (await listFolder(kernel, handle.path)).map(({ name }) => name);
    handle.listing = [];
    const seen = names.filter((name) => name.startsWith(prefix)).sort();
    return seen.length <= 20 ? seen : { names: new Set(seen).size, entries: seen.length };
  },
  tree: (kernel, { path }) => listTree(kernel, path, ''),
};

async function rename(kernel: Kernel, { from, to, flags }: OperationOf<'rename'>): Promise<void> {
  const source = await walkToExisting(kernel, from, false);
  const target = await walk(kernel, to, false);
  if (flags === 'NOREPLACE' && target.stats !== undefined) throw new CallError('EEXIST');
  if (flags === 'EXCHANGE' && target.stats === undefined) throw new CallError('ENOENT');
  // The kernel sees no more than spellings; one more than it knows is refused by the drive, with an errno of its own.
  const [place, aim] = [caseInsensitive(source.path), caseInsensitive(target.path)];
  if (aim.startsWith(`${place}/`)) throw new CallError('EINVAL');
  if (place.startsWith(`${aim}/`)) throw new CallError(flags === 'EXCHANGE' ? 'EINVAL' : 'ENOTEMPTY');
  if (source.path === target.path) return;
  const isFolder = kindOf(source.stats) === 'folder';
  if (flags === '' && target.stats !== undefined) {
    const overFolder = kindOf(target.stats) === 'folder';
    if (isFolder !== overFolder) throw new CallError(isFolder ? 'ENOTDIR' : 'EISDIR');
    // A spelling of its own name is no target that could be open.
    if (target.stats.ino !== source.stats.ino) await hideIfOpen(kernel, target.path);
  }
  await kernel.calls.value('renameWithFlags', source.path, target.path, renameFlags[flags]);
  if (flags === 'EXCHANGE') followRename(kernel, target.path, '(exchanged)');
  followRename(kernel, source.path, target.path);
  if (flags === 'EXCHANGE') followRename(kernel, '(exchanged)', source.path);
}

async function vacant(kernel: Kernel, given: string): Promise<string> {
  const { path, stats } = await walk(kernel, given, false);
  if (stats !== undefined) throw new CallError('EEXIST');
  return path;
}

const toOwner = (name: 'self' | 'none' | 'other', own: number) => ({ self: own, none: -1, other: own + 1 })[name];

interface Entry {
  readonly name: string;
  readonly stats: Stats;
}

async function readFolder(kernel: Kernel, given: string): Promise<Entry[]> {
  const { path, stats } = await walkToExisting(kernel, given);
  if (kindOf(stats) !== 'folder') throw new CallError('ENOTDIR');
  return listFolder(kernel, path);
}

/** In the order of code points. */
async function listFolder({ calls }: Kernel, path: string): Promise<Entry[]> {
  const [names, stats] = await calls.values<[string[], Stats[]]>('readdir', path);
  const entries = names.map((name, index) => ({ name, stats: stats[index] as Stats }));
  const named = entries.filter(({ name }) => name !== '.' && name !== '..');
  return named.sort((one, other) => Buffer.compare(Buffer.from(one.name), Buffer.from(other.name)));
}

async function listTree(kernel: Kernel, path: string, above: string): Promise<string[]> {
  const lines: string[] = [];
  for (const { name, stats } of await readFolder(kernel, path)) {
    const place = path === '' ? name : `${path}/${name}`;
    const absolute = `${kernel.base}/${place}`;
    const kind = kindOf(stats);
    if (kind === 'link') {
      lines.push(`${above}${name} -> ${await kernel.calls.value<string>('readlink', absolute)}`);
      continue;
    }
    const extra: string[] = [];
    for (const key of (await kernel.calls.value<string[]>('listxattr', absolute)).sort()) {
      extra.push(` ${key}=${describeBytes(await kernel.calls.value<Buffer>('getxattr', absolute, key, 0))}`);
    }
    const start = `${showMode(stats)} ${showTime(stats.mtime)}`;
    if (kind === 'folder') {
      lines.push(`${above}${name}/ ${start}${extra.join('')}`, ...(await listTree(kernel, place, `${above}${name}/`)));
    } else {
      const bytes = await readFile(kernel, place);
      const md5 = md5Of(bytes);
      lines.push(`${above}${name} ${start} ${Number(stats.size)} ${md5}${extra.join('')}`);
    }
  }
  return lines;
}
