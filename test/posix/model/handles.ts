import { contentBytes, describeBytes, type OperationOf } from '../operations.ts';
import type { ModelState, Performers } from './model.ts';
import { insert, report } from './names.ts';
import { ModelError, type ModelFile, type ModelNode, mayRead, mayWrite, newFile, resize, writeAt } from './nodes.ts';

export interface ModelHandle {
  readonly node: ModelNode;
  readonly reads: boolean;
  readonly writes: boolean;
  readonly appends: boolean;
  position: number;
}

type HandleOperation =
  | 'open'
  | 'close'
  | 'read'
  | 'write'
  | 'ftruncate'
  | 'fsync'
  | 'fdatasync'
  | 'sync'
  | 'fstat'
  | 'fallocate'
  | 'copyRange'
  | 'store';

/** What is done by handle. */
export const onHandles: Performers<HandleOperation> = {
  open,
  close: (state, { fh }) => {
    handleOf(state, fh);
    closeHandle(state, fh);
  },
  read: (state, { fh, length, at }) => {
    const handle = handleOf(state, fh);
    if (!handle.reads) throw new ModelError('EBADF');
    const file = fileOf(handle);
    const start = at ?? handle.position;
    const bytes = file.data.subarray(start, start + length);
    if (at === null) handle.position += bytes.length;
    return describeBytes(bytes);
  },
  write: (state, { fh, data, at }) => {
    const handle = writable(state, fh);
    const file = fileOf(handle);
    const bytes = contentBytes(data);
    if (bytes.length === 0) return 0;
    const start = handle.appends ? file.data.length : (at ?? handle.position);
    writeAt(file, bytes, start);
    if (at === null) handle.position = start + bytes.length;
    return bytes.length;
  },
  ftruncate: (state, { fh, size }) => {
    const handle = handleOf(state, fh);
    if (!handle.writes || handle.node.kind !== 'file') throw new ModelError('EINVAL');
    resize(handle.node, size);
  },
  fsync: (state, { fh }) => void handleOf(state, fh),
  fdatasync: (state, { fh }) => void handleOf(state, fh),
  sync: (state, { fh }) => void handleOf(state, fh),
  fstat: (state, { fh, fields }) => report(handleOf(state, fh).node, fields),
  fallocate: (state, { fh, mode, offset, length }) => {
    const file = fileOf(writable(state, fh));
    if (mode === '' && offset + length > file.data.length) resize(file, offset + length);
    if (mode === 'PUNCH_HOLE') file.data.subarray(offset, offset + length).fill(0);
    file.mtime = 'now';
  },
  copyRange,
  store: (state, { fh, at, data }) => {
    const handle = handleOf(state, fh);
    const file = fileOf(handle);
    const size = file.data.length;
    if (size === 0) throw new ModelError('EINVAL');
    if (!handle.reads || !handle.writes) throw new ModelError('EACCES');
    const bytes = contentBytes(data).subarray(0, size - (at % size));
    writeAt(file, bytes, at % size);
    return bytes.length;
  },
};

export function closeHandle({ handles }: ModelState, name: string): void {
  handles.delete(name);
}

function open(state: ModelState, { fh, path, flags, mode }: OperationOf<'open'>): void {
  state.handles.delete(fh);
  const has = (flag: string) => flags.split('|').includes(flag);
  const reads = !has('O_WRONLY');
  const writes = has('O_WRONLY') || has('O_RDWR');
  const exclusive = has('O_CREAT') && has('O_EXCL');
  const entry = state.find(path, !exclusive);
  const handle = (node: ModelNode) => {
    state.handles.set(fh, { node, reads, writes, appends: has('O_APPEND'), position: 0 });
  };
  const { node } = entry;
  if (node === undefined) {
    if (!has('O_CREAT')) throw new ModelError('ENOENT');
    const made = newFile(mode & ~0o022);
    insert(state, entry, made);
    handle(made);
    return;
  }
  if (exclusive) throw new ModelError('EEXIST');
  if (node.kind === 'folder' && (writes || has('O_TRUNC') || has('O_CREAT'))) throw new ModelError('EISDIR');
  if (node.kind === 'file') {
    if ((reads && !mayRead(node)) || ((writes || has('O_TRUNC')) && !mayWrite(node))) throw new ModelError('EACCES');
    if (has('O_TRUNC')) resize(node, 0);
  }
  handle(node);
}

function copyRange(state: ModelState, { from, to, length, fromAt, toAt }: OperationOf<'copyRange'>): number {
  const source = handleOf(state, from);
  const target = handleOf(state, to);
  if (source.node.kind !== 'file' || target.node.kind !== 'file') throw new ModelError('EISDIR');
  if (!source.reads || !target.writes || target.appends) throw new ModelError('EBADF');
  const start = fromAt ?? source.position;
  const end = Math.min(start + length, source.node.data.length);
  const count = Math.max(0, end - start);
  const place = toAt ?? target.position;
  if (source.node === target.node && place + count > start && place < end) throw new ModelError('EINVAL');
  if (count > 0) writeAt(target.node, Buffer.from(source.node.data.subarray(start, end)), place);
  if (fromAt === null) source.position += count;
  if (toAt === null) target.position += count;
  return count;
}

function handleOf({ handles }: ModelState, name: string): ModelHandle {
  const handle = handles.get(name);
  if (handle === undefined) throw new ModelError('EBADF');
  return handle;
}

function writable(state: ModelState, name: string): ModelHandle {
  const handle = handleOf(state, name);
  if (!handle.writes) throw new ModelError('EBADF');
  return handle;
}

function fileOf({ node }: ModelHandle): ModelFile {
  if (node.kind !== 'file') throw new ModelError('EISDIR');
  return node;
}
