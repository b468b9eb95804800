import { Buffer } from 'node:buffer';
import path from 'node:path';

/** A file, folder or symlink of an archive. Folders above it come by themselves. */
export interface ArchiveEntry {
  /** Absolute. */
  readonly path: string;
  /** With the bits of its kind. */
  readonly mode: number;
  /** Seconds since the epoch. */
  readonly mtime: number;
  /** Content of a file, target of a symlink. */
  readonly bytes: Buffer;
}

const folderMode = 0o040755;
const empty = Buffer.alloc(0);

/** A cpio archive (format newc) as the kernel unpacks it at its start, all of it root's. */
export function makeArchive(entries: readonly ArchiveEntry[]): Buffer {
  const folders = new Set<string>();
  const parts: Buffer[] = [];
  const addFolders = (folder: string) => {
    if (folder === '/' || folders.has(folder)) return;
    addFolders(path.dirname(folder));
    folders.add(folder);
    parts.push(...encode({ path: folder, mode: folderMode, mtime: 0, bytes: empty }, parts.length));
  };
  for (const entry of entries) {
    addFolders(path.dirname(entry.path));
    parts.push(...encode(entry, parts.length));
  }
  parts.push(...encode({ path: '/TRAILER!!!', mode: 0, mtime: 0, bytes: empty }, 0));
  return Buffer.concat(parts);
}

function encode({ path: full, mode, mtime, bytes }: ArchiveEntry, ino: number): Buffer[] {
  const name = Buffer.from(`${full.slice(1)}\0`);
  const [uid, gid, links, device] = [0, 0, 1, 0];
  const fields = [ino, mode, uid, gid, links, mtime, bytes.length, device, device, device, device, name.length, 0];
  const header = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`;
  return [padded(Buffer.concat([Buffer.from(header), name])), padded(bytes)];
}

const padded = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
