import { createHash } from 'node:crypto';
import { contentBytes, describeBytes } from '../operations.ts';
import type { Field } from '../steps.ts';
import type { ModelState, Performer } from './model.ts';
import {
  ModelError,
  type ModelFolder,
  type ModelLink,
  type ModelNode,
  mayRead,
  mayWrite,
  newFile,
  newFolder,
  newLink,
  resize,
} from './nodes.ts';
import type { Entry } from './walk.ts';

/** What is done by path. */
export const onNames = {
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
  utimens: ({ find }, { path, mtime, follow }) => {
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
} satisfies { [Name in Parameters<Performer<never>>[1] extends never ? string : never]?: unknown } & NamePerformers;

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
type NamePerformers = { [Name in NameOperation]: Performer<Name> };
