import { constants } from 'node:fs';
import { ErrnoError } from '../../base/errno.ts';
import type { Ino } from '../../store/nodeRow.ts';
import { vfsLimits } from '../../vfs/limits.ts';
import type { Attr, TimeChange } from '../../vfs/vfs.ts';
import { setattrBits } from './flags.ts';
import { answers, attr as at, entry, entryBytes, readI64, readU64, requests, write64 } from './layouts.ts';
import { kernelLimits } from './limits.ts';
import type { NodeId } from './nodeIds.ts';
import { inoOf, inoToChange, type Operation, type Reply, reportNode, type Served } from './served.ts';

const fileTypes = { file: constants.S_IFREG, folder: constants.S_IFDIR, link: constants.S_IFLNK };

/** Bits that a write by somebody else takes away: set-user-id, and set-group-id where the group may execute. */
const setUid = 0o4000;
const setGidExecutable = 0o2010;

export function putAttr(
  out: Buffer,
  start: number,
  { ino, kind, size, mtime, ctimeMs, mode, linked }: Attr,
  served: Served,
): void {
  write64(out, ino, start + at.ino);
  write64(out, size, start + at.size);
  write64(out, Math.ceil(size / 512), start + at.blocks);
  write64(out, mtime.sec, start + at.atime);
  write64(out, mtime.sec, start + at.mtime);
  const ctimeSec = Math.floor(ctimeMs / 1000);
  write64(out, ctimeSec, start + at.ctime);
  out.writeUInt32LE(mtime.nsec, start + at.atimeNsec);
  out.writeUInt32LE(mtime.nsec, start + at.mtimeNsec);
  out.writeUInt32LE(Math.trunc(ctimeMs - ctimeSec * 1000) * 1_000_000, start + at.ctimeNsec);
  out.writeUInt32LE(fileTypes[kind] | mode, start + at.mode);
  out.writeUInt32LE(linked ? (kind === 'folder' ? 2 : 1) : 0, start + at.links);
  out.writeUInt32LE(served.view.uid, start + at.uid);
  out.writeUInt32LE(served.view.gid, start + at.gid);
  out.writeUInt32LE(0, start + at.device);
  out.writeUInt32LE(vfsLimits.statfsBlock, start + at.blockSize);
  out.writeUInt32LE(0, start + at.flags);
}

/** A name's node; `kept` when the kernel may believe both for long. Answers where it ends. */
export function putEntry(out: Buffer, start: number, node: NodeId, attr: Attr, kept: boolean, served: Served): number {
  const canKeep = attr.kind !== 'folder' || served.notices.canExpire;
  const seconds = canKeep ? kernelLimits.keptSeconds : kernelLimits.unexpiredFolderSeconds;
  write64(out, node, start + entry.node);
  write64(out, 0, start + entry.generation);
  write64(out, kept ? seconds : 0, start + entry.entryValid);
  write64(out, attrSeconds(served, node, attr), start + entry.attrValid);
  write64(out, 0, start + entry.entryValidNsec);
  putAttr(out, start + entry.bytes, attr, served);
  return start + entryBytes;
}

/** A name that stands for nothing, which the kernel may believe for so long. */
export function missingEntry(seconds: number): Reply {
  return (out) => {
    const start = answers.attr.valid;
    out.fill(0, start, start + entryBytes);
    write64(out, seconds, start + entry.entryValid);
    return start + entryBytes;
  };
}

/** For how long the kernel may believe these attributes: of an alias nothing is told when it changes. */
function attrSeconds({ ids, corrections }: Served, node: NodeId, { ino }: Attr): number {
  return ids.isAlias(node) || !corrections.canKeep(ino) ? 0 : kernelLimits.keptSeconds;
}

function attrReply(served: Served, node: NodeId, attr: Attr): Reply {
  return (out) => {
    write64(out, attrSeconds(served, node, attr), answers.attr.valid);
    write64(out, 0, answers.attr.validNsec);
    putAttr(out, answers.attr.bytes, attr, served);
    return answers.attr.bytes + at.bytes;
  };
}

export const getattr: Operation = (served, request) => {
  const { node } = request;
  const ino = inoOf(served, request);
  const answer = () => attrReply(served, node, served.vfs.getAttr(ino));
  const wait = served.corrections.getWait(request.pid, node);
  return wait === undefined ? answer() : wait.then(answer);
};

export const setattr: Operation = async (served, request) => {
  const { vfs, view, ids } = served;
  const { buffer, node } = request;
  const layout = requests.setattr;
  const valid = buffer.readUInt32LE(layout.valid);
  const has = (bit: number) => (valid & bit) !== 0;
  const [uid, gid] = [buffer.readUInt32LE(layout.uid), buffer.readUInt32LE(layout.gid)];
  const [size, mode] = [readU64(buffer, layout.size), buffer.readUInt32LE(layout.mode)];
  const fh = has(setattrBits.fh) ? readU64(buffer, layout.fh) : undefined;
  const mtime: TimeChange = has(setattrBits.mtimeNow)
    ? 'now'
    : has(setattrBits.mtime)
      ? { sec: readI64(buffer, layout.mtime), nsec: buffer.readUInt32LE(layout.mtimeNsec) }
      : 'omit';
  const ino = inoToChange(served, request);
  if ((has(setattrBits.uid) && uid !== view.uid) || (has(setattrBits.gid) && gid !== view.gid)) {
    throw new ErrnoError('EPERM', 'one owner only');
  }
  if (has(setattrBits.size)) {
    if (fh === undefined) await vfs.truncate(ino, size);
    else await vfs.truncateHandle(fh, size);
  }
  if (has(setattrBits.mode)) vfs.setMode(ino, mode & 0o7777);
  if (has(setattrBits.killPrivileges)) dropPrivileges(served, ino);
  if (has(setattrBits.uid) || has(setattrBits.gid)) vfs.noteOwner(ino);
  await vfs.setTimes(ino, mtime);
  if (ids.isAlias(node)) served.notices.attributes(ids.toId(ino));
  reportNode(served, ino);
  return attrReply(served, node, vfs.getAttr(ino));
};

/** As any file system does when somebody writes to a program that runs as its owner. */
export function dropPrivileges({ vfs }: Served, ino: Ino): void {
  const { mode } = vfs.getAttr(ino);
  const left = mode & ~setUid & ~((mode & setGidExecutable) === setGidExecutable ? 0o2000 : 0);
  if (left !== mode) vfs.setMode(ino, left);
}

export const statfs: Operation = ({ view }) => {
  const { used, total } = view.getQuota();
  const size = total < 0 ? vfsLimits.unlimitedBytes : total;
  const block = vfsLimits.statfsBlock;
  const free = Math.max(0, Math.floor((size - used) / block));
  return (out) => {
    const layout = answers.statfs;
    out.fill(0, layout.blocks, layout.bytes);
    write64(out, Math.floor(size / block), layout.blocks);
    write64(out, free, layout.free);
    write64(out, free, layout.available);
    write64(out, 2 ** 32, layout.files);
    write64(out, 2 ** 31, layout.freeFiles);
    out.writeUInt32LE(block, layout.blockSize);
    out.writeUInt32LE(vfsLimits.nameMax, layout.nameMax);
    out.writeUInt32LE(block, layout.fragment);
    return layout.bytes;
  };
};
