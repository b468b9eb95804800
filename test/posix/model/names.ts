import { md5 as md5Of } from '../../support/md5.ts';
import { contentBytes, describeBytes, type OperationOf } from '../operations.ts';
import type { Field } from '../steps.ts';
import type { ModelState, Performers } from './model.ts';
import {
  ModelError,
  type ModelFile,
  type ModelFolder,
  type ModelNode,
  mayRead,
  mayWrite,
  newFile,
  newFolder,
  newLink,
  resize,
} from './nodes.ts';
import type { Entry } from './walk.ts';

type NameOperation =
  | 'save'
  | 'load'
  | 'truncate'
  | 'mkdir'
  | 'symlink'
  | 'readlink'
  | 'unlink'
  | 'rmdir'
  | 'rename'
  | 'list'
  | 'tree'
  | 'stat'
  | 'lstat'
  | 'chmod'
  | 'utimens'
  | 'setxattr'
  | 'getxattr'
  | 'listxattr'
  | 'removexattr';

/** What is done by path. */
export const onNames: Performers<NameOperation> = {
  save: (state, { path, data }) => {
    const file = openForWriting(state, path);
    file.data = contentBytes(data);
    return file.data.length;
  },
  load: ({ find }, { path }) => {
    const node = existing(find(path, true));
    if (node.kind === 'folder') throw new ModelError('EISDIR');
    if (!mayRead(node)) throw new ModelError('EACCES');
    return node.kind === 'file' ? describeBytes(node.data) : null;
  },
  truncate: ({ find }, { path, size }) => {
    const node = existing(find(path, true));
    if (node.kind === 'folder') throw new ModelError('EISDIR');
    if (!mayWrite(node)) throw new ModelError('EACCES');
    if (node.kind === 'file') resize(node, size);
  },
  mkdir: (state, { path, mode }) => insert(state, vacant(state.find(path, false)), newFolder(mode & ~0o022)),
  symlink: (state, { target, path }) => {
    if (target === '') throw new ModelError('ENOENT');
    insert(state, vacant(state.find(path, false)), newLink(target));
  },
  readlink: ({ find }, { path }) => {
    const node = existing(find(path, false));
    if (node.kind !== 'link') throw new ModelError('EINVAL');
    return node.target;
  },
  unlink: (state, { path }) => {
    const entry = state.find(path, false);
    if (existing(entry).kind === 'folder') throw new ModelError('EISDIR');
    remove(state, entry);
  },
  rmdir: (state, { path }) => {
    const entry = state.find(path, false);
    const node = existing(entry);
    if (node.kind !== 'folder') throw new ModelError('ENOTDIR');
    if (node.children.size > 0) throw new ModelError('ENOTEMPTY');
    remove(state, entry);
  },
  rename,
  list: ({ find }, { path }) => {
    const node = existing(find(path, true));
    if (node.kind !== 'folder') throw new ModelError('ENOTDIR');
    return sorted(node).map(({ name, node: child }) => `${name} ${child.kind}`);
  },
  tree: ({ find }, { path }) => listTree(existing(find(path, true)) as ModelFolder, ''),
  stat: ({ find }, { path, fields }) => report(existing(find(path, true)), fields),
  lstat: ({ find }, { path, fields }) => report(existing(find(path, false)), fields),
  chmod: ({ find }, { path, mode }) => {
    existing(find(path, true)).mode = mode;
  },
  utimens: ({ find }, { path, atime, mtime, follow }) => {
    // As Linux: the path is not even looked at.
    if (atime === 'omit' && mtime === 'omit') return;
    const node = existing(find(path, follow));
    if (mtime !== 'omit') node.mtime = mtime;
  },
  setxattr: ({ find }, { path, name, data, flags }) => {
    const node = existing(find(path, true));
    if (!mayWrite(node)) throw new ModelError('EACCES');
    if (flags === 'XATTR_CREATE' && node.xattrs.has(name)) throw new ModelError('EEXIST');
    if (flags === 'XATTR_REPLACE' && !node.xattrs.has(name)) throw new ModelError('ENODATA');
    node.xattrs.set(name, describeBytes(contentBytes(data)));
  },
  getxattr: ({ find }, { path, name }) => {
    const node = existing(find(path, true));
    if (!mayRead(node)) throw new ModelError('EACCES');
    const value = node.xattrs.get(name);
    if (value === undefined) throw new ModelError('ENODATA');
    return value;
  },
  listxattr: ({ find }, { path }) => [...existing(find(path, true)).xattrs.keys()].sort(),
  removexattr: ({ find }, { path, name }) => {
    const node = existing(find(path, true));
    if (!mayWrite(node)) throw new ModelError('EACCES');
    if (!node.xattrs.delete(name)) throw new ModelError('ENODATA');
  },
};

function rename({ find, fold }: ModelState, { from, to, flags }: OperationOf<'rename'>): void {
  const source = find(from, false);
  const target = find(to, false);
  const moved = existing(source);
  const replaced = target.node;
  if (flags === 'NOREPLACE' && replaced !== undefined) throw new ModelError('EEXIST');
  if (flags === 'EXCHANGE' && replaced === undefined) throw new ModelError('ENOENT');
  if (isOneOf(target.ancestors, moved)) throw new ModelError('EINVAL');
  if (isOneOf(source.ancestors, replaced)) throw new ModelError(flags === 'EXCHANGE' ? 'EINVAL' : 'ENOTEMPTY');
  if (moved === replaced && source.name === target.name) return;
  if (flags === 'EXCHANGE') {
    source.parent.children.set(fold(source.name), { name: storedName(source), node: replaced as ModelNode });
    target.parent.children.set(fold(target.name), { name: storedName(target), node: moved });
  } else {
    if (replaced !== undefined && replaced !== moved) checkReplaced(moved, replaced);
    source.parent.children.delete(fold(source.name));
    target.parent.children.set(fold(target.name), { name: target.name, node: moved });
  }
  source.parent.mtime = 'now';
  target.parent.mtime = 'now';

  function storedName({ parent, name }: Entry): string {
    return parent.children.get(fold(name))?.name ?? name;
  }
}

function checkReplaced(moved: ModelNode, replaced: ModelNode): void {
  if (moved.kind === 'folder' && replaced.kind !== 'folder') throw new ModelError('ENOTDIR');
  if (moved.kind !== 'folder' && replaced.kind === 'folder') throw new ModelError('EISDIR');
  if (replaced.kind === 'folder' && replaced.children.size > 0) throw new ModelError('ENOTEMPTY');
}

const isOneOf = (folders: readonly ModelFolder[], node: ModelNode | undefined) =>
  folders.some((folder) => folder === node);

export function existing({ node }: Entry): ModelNode {
  if (node === undefined) throw new ModelError('ENOENT');
  return node;
}

function vacant(entry: Entry): Entry {
  if (entry.node !== undefined) throw new ModelError('EEXIST');
  return entry;
}

export function insert({ fold }: ModelState, { parent, name }: Entry, node: ModelNode): void {
  parent.children.set(fold(name), { name, node });
  parent.mtime = 'now';
}

function remove({ fold }: ModelState, { parent, name }: Entry): void {
  parent.children.delete(fold(name));
  parent.mtime = 'now';
}

/** As O_WRONLY|O_CREAT|O_TRUNC leaves it. */
function openForWriting(state: ModelState, path: string): ModelFile {
  const entry = state.find(path, true);
  if (entry.node === undefined) {
    const made = newFile(0o644);
    insert(state, entry, made);
    return made;
  }
  if (entry.node.kind !== 'file') throw new ModelError('EISDIR');
  if (!mayWrite(entry.node)) throw new ModelError('EACCES');
  resize(entry.node, 0);
  return entry.node;
}

export function report(node: ModelNode, fields: readonly Field[]): unknown {
  const everything: Partial<Record<Field, unknown>> = {
    kind: node.kind,
    size: node.kind === 'file' ? node.data.length : node.kind === 'link' ? Buffer.byteLength(node.target) : null,
    mode: node.kind === 'link' ? null : showMode(node),
    mtime: node.mtime,
  };
  return Object.fromEntries(fields.map((field) => [field, everything[field]]));
}

const showMode = (node: ModelNode) => `0o${node.mode.toString(8)}`;

/** In the order of code points, as the other file systems are listed. */
const sorted = (folder: ModelFolder) =>
  [...folder.children.values()].sort((one, other) => Buffer.compare(Buffer.from(one.name), Buffer.from(other.name)));

function listTree(folder: ModelFolder, above: string): string[] {
  return sorted(folder).flatMap(({ name, node }) => {
    const xattrs = [...node.xattrs].sort(([one], [other]) => (one < other ? -1 : 1));
    const extra = xattrs.map(([key, value]) => ` ${key}=${value}`).join('');
    if (node.kind === 'link') return [`${above}${name} -> ${node.target}`];
    const start = `${showMode(node)} ${node.mtime}`;
    if (node.kind === 'folder') return [`${above}${name}/ ${start}${extra}`, ...listTree(node, `${above}${name}/`)];
    const md5 = md5Of(node.data);
    return [`${above}${name} ${start} ${node.data.length} ${md5}${extra}`];
  });
}
