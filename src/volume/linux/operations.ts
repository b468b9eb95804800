import * as attrs from './attrs.ts';
import * as content from './content.ts';
import * as folders from './folders.ts';
import { init } from './init.ts';
import { forgetOne, type OperationName, opcodes, readU64, requests } from './layouts.ts';
import * as names from './names.ts';
import { done, type Operation } from './served.ts';
import * as xattrs from './xattrs.ts';

const forget: Operation = ({ ids }, { node, buffer }) => {
  ids.forget(node, readU64(buffer, requests.forget.count));
  return undefined;
};

const batchForget: Operation = ({ ids }, { buffer }) => {
  const count = buffer.readUInt32LE(requests.batchForget.count);
  for (let index = 0; index < count; index += 1) {
    const at = requests.batchForget.bytes + index * forgetOne.bytes;
    ids.forget(readU64(buffer, at + forgetOne.node), readU64(buffer, at + forgetOne.count));
  }
  return undefined;
};

/** Operations that change the volume: refused on a read-only one before anything is looked at. */
const changing = {
  setattr: attrs.setattr,
  symlink: names.symlink,
  mknod: names.mknod,
  mkdir: names.mkdir,
  unlink: names.unlink,
  rmdir: names.rmdir,
  rename: names.rename,
  rename2: names.rename2,
  link: names.link,
  write: content.write,
  create: content.create,
  setxattr: xattrs.setxattr,
  removexattr: xattrs.removexattr,
  fallocate: content.fallocate,
  copyFileRange: content.copyFileRange,
} satisfies Partial<Record<OperationName, Operation>>;

const checked = Object.entries(changing).map(([name, operation]): [string, Operation] => [
  name,
  (served, request) => {
    if (served.view.readOnly) throw content.readOnly();
    return operation(served, request);
  },
]);

/** `interrupt` is answered by what is interrupted (requests.ts). */
const all: Readonly<Record<string, Operation>> = {
  ...Object.fromEntries(checked),
  init,
  forget,
  batchForget,
  destroy: () => done,
  lookup: names.lookup,
  getattr: attrs.getattr,
  statfs: attrs.statfs,
  readlink: names.readlink,
  open: content.open,
  read: content.read,
  flush: content.flush,
  fsync: content.fsync,
  release: content.release,
  lseek: content.lseek,
  opendir: folders.opendir,
  readdir: folders.readdir,
  readdirplus: folders.readdirplus,
  releasedir: folders.releasedir,
  fsyncdir: folders.fsyncdir,
  getxattr: xattrs.getxattr,
  listxattr: xattrs.listxattr,
};

/** What is done about each request, by its number. */
export const operations: readonly (Operation | undefined)[] = (() => {
  const byNumber: (Operation | undefined)[] = [];
  for (const [name, number] of Object.entries(opcodes)) byNumber[number] = all[name];
  return byNumber;
})();

const byNumber = new Map<number, string>(Object.entries(opcodes).map(([name, number]) => [number, name]));

/** For the log. */
export function operationName(opcode: number): string {
  return byNumber.get(opcode) ?? String(opcode);
}
