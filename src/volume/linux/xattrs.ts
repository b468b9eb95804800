import { ErrnoError } from '../../base/errno.ts';
import { lendOwn } from '../../content/loan.ts';
import { isForeignXattr, type XattrMode } from '../../vfs/xattrs.ts';
import { answers, requests } from './layouts.ts';
import { done, inoOf, inoToChange, type Operation, type Reply, readName } from './served.ts';

/** setxattr(2)'s flags. */
const modes: Readonly<Record<number, XattrMode>> = { 0: 'set', 1: 'create', 2: 'replace' };

export const getxattr: Operation = (served, request) => {
  const size = request.buffer.readUInt32LE(requests.getxattr.size);
  const { name } = readName(request, requests.getxattr.bytes);
  if (isForeignXattr(name)) throw new ErrnoError('EOPNOTSUPP', 'no attributes of that kind here');
  return sized(served.vfs.getXattr(inoOf(served, request), name), size);
};

export const listxattr: Operation = (served, request) => {
  const size = request.buffer.readUInt32LE(requests.getxattr.size);
  const names = served.vfs.listXattrs(inoOf(served, request));
  return sized(Buffer.from(names.map((name) => `${name}\0`).join('')), size);
};

/** Asked with no room at all, the kernel wants to know how much is needed. */
function sized(value: Buffer, size: number): Reply {
  if (size !== 0) {
    if (value.length > size) throw new ErrnoError('ERANGE', 'the value is larger');
    return lendOwn(value);
  }
  return (out) => {
    out.writeUInt32LE(value.length, answers.write.size);
    out.writeUInt32LE(0, answers.write.padding);
    return answers.write.bytes;
  };
}

export const setxattr: Operation = (served, request) => {
  const { buffer } = request;
  const size = buffer.readUInt32LE(requests.setxattr.size);
  const mode = modes[buffer.readUInt32LE(requests.setxattr.flags)];
  const { name, next } = readName(request, requests.setxattr.bytes);
  if (mode === undefined) throw new ErrnoError('EINVAL', 'not a way of setting an attribute');
  const value = Buffer.from(buffer.subarray(next, next + size));
  const ino = inoToChange(served, request);
  served.vfs.setXattr(ino, name, value, { mode, position: 0 });
  served.notices.attributes(served.ids.toId(ino));
  return done;
};

export const removexattr: Operation = (served, request) => {
  const { name } = readName(request, requests.none.bytes);
  const ino = inoToChange(served, request);
  served.vfs.removeXattr(ino, name);
  served.notices.attributes(served.ids.toId(ino));
  return done;
};
