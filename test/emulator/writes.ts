import type { Context } from './context.ts';
import { invalidArgument, noSuchPath, notUnique, ServiceError } from './errors.ts';
import { mimeOf } from './mime.ts';
import type { Container, FileNode, FolderNode, MountPointNode, Node } from './model.ts';
import { foldName, newFile, newFolder } from './model.ts';
import { checkName } from './names.ts';
import { wholeSecond } from './times.ts';
import { attach, childrenOf, detach, findChild, mountPointOf, pathOf, resolve, touch } from './tree.ts';

/** A place below a writable mountpoint, which may or may not exist yet. */
export interface Place {
  mountPoint: MountPointNode;
  names: string[];
}

export interface Content {
  size: number;
  md5: string;
  created: number;
  modified: number;
}

const olderRevisionsKept = 4;

/** Resolves `[device, mountpoint, …names]` for writing. Throws 404 for an unknown or read-only mountpoint. */
export function placeAt(context: Context, [device = '', mountPoint = '', ...names]: readonly string[]): Place {
  const found = resolve(context.account, [device, mountPoint]);
  if (found?.kind !== 'mountPoint' || found.view !== undefined) {
    throw new ServiceError(404, 'NoSuchMountPointException', `Mount point ${mountPoint} on ${device}`);
  }
  return { mountPoint: found, names };
}

/** Resolves `/device/mountpoint/…`. */
export function parsePlace(context: Context, path: string): Place {
  return placeAt(context, path.split('/').filter(Boolean));
}

/** Throws 403 while the account is write-locked. */
export function assertWritable({ account }: Context): void {
  if (account.writeLocked) throw new ServiceError(403, 'ForbiddenException', `Account ${account.user} is write locked`);
}

/** Makes every folder on the way, reviving trashed ones (jottacloud-protocol.md §2.3, quirk `mkDirUntrashes`). */
export function ensureFolder(context: Context, { mountPoint, names }: Place, untrash = true): Container {
  let at: Container = mountPoint;
  for (const name of names) {
    const child: Node | undefined = findChild(at, name);
    if (child?.kind === 'folder' && (child.deleted === undefined || !untrash)) {
      at = child;
      continue;
    }
    if (child?.kind === 'file' && child.deleted === undefined) throw notUnique(pathOf(context.account, child));
    if (child?.kind === 'folder') {
      const { deleted } = child;
      revive(context, child);
      if (context.quirks.mkDirUntrashes === 'recursive' && deleted !== undefined) reviveBelow(context, child, deleted);
      at = child;
      continue;
    }
    checkName(name, context.quirks);
    const folder: FolderNode = newFolder(name, at);
    attach(folder);
    touch(context, mountPoint);
    at = folder;
  }
  return at;
}

export function ensureFolderAt(context: Context, path: string): Container {
  return ensureFolder(context, parsePlace(context, path));
}

/** Finds the file of that name, live or trashed, or makes an empty entry; the caller gives it content at once. */
export function ensureFile(context: Context, place: Place): FileNode {
  const name = place.names.at(-1);
  if (name === undefined) throw invalidArgument('A file needs a name');
  const parent = ensureFolder(context, { mountPoint: place.mountPoint, names: place.names.slice(0, -1) });
  const existing = findChild(parent, name);
  if (existing?.kind === 'file') return existing;
  if (existing && existing.deleted === undefined) throw notUnique(pathOf(context.account, existing));
  checkName(name, context.quirks);
  const file = newFile(name, parent);
  attach(file);
  return file;
}

/** Gives a file complete content: only new times when it is the same content, else a new revision (§2.6). Un-trashes. */
export function setContent(context: Context, file: FileNode, content: Content, untrash = true): void {
  const updated = wholeSecond(Date.now());
  const { current } = file;
  const same = current?.size === content.size && current.md5.toLowerCase() === content.md5.toLowerCase();
  if (current && same) {
    Object.assign(current, { created: content.created, modified: content.modified, updated });
  } else {
    if (current) file.older = [current, ...file.older].slice(0, olderRevisionsKept);
    const number = (current?.number ?? 0) + 1;
    file.current = { number, state: 'COMPLETED', updated, mime: mimeOf(file.name), ...content };
  }
  file.latest = undefined;
  if (untrash) revive(context, file);
  touch(context, mountPointOf(file.parent));
}

/** Forgets the unfinished revision of a file and the bytes received for it; a transfer that is going on ends with 409. */
function dropUnfinished(context: Context, file: FileNode): void {
  if (!file.latest) return;
  const upload = context.uploads.get(file.latest.uploadId);
  context.uploads.delete(file.latest.uploadId);
  upload?.running?.stop.abort();
  if (upload) void context.blobs.removePartial(upload.id);
  file.latest = undefined;
}

/** Sends a node to the trash with everything below it; all get the same stamp (§2.5). */
export function trash(context: Context, node: Node): void {
  if (node.deleted !== undefined) return;
  const at = wholeSecond(Date.now());
  detach(node);
  stampDeleted(node, at);
  attach(node);
  touch(context, mountPointOf(node.parent));
}

export function stampDeleted(node: Node | MountPointNode, at: number): void {
  node.deleted = at;
  if (node.kind === 'file') return;
  for (const child of [...node.live.values()]) {
    detach(child);
    stampDeleted(child, at);
    attach(child);
  }
}

/** Takes a node and the folders above it out of the trash; what lies below stays there. */
export function revive(context: Context, node: Node | MountPointNode): void {
  if (node.kind !== 'mountPoint') revive(context, node.parent);
  if (node.deleted === undefined) return;
  if (node.kind === 'mountPoint') {
    node.deleted = undefined;
    touch(context, node);
    return;
  }
  detach(node);
  node.deleted = undefined;
  attach(node);
  touch(context, mountPointOf(node.parent));
}

/** Revives what went to the trash together with its folder. */
function reviveBelow(context: Context, folder: FolderNode, deleted: number): void {
  for (const child of [...childrenOf(folder)]) {
    if (child.deleted !== deleted || folder.live.has(foldName(child.name))) continue;
    revive(context, child);
    if (child.kind === 'folder') reviveBelow(context, child, deleted);
  }
}

/** Removes a node for good. */
export function destroy(context: Context, node: Node): void {
  detach(node);
  forgetUploads(context, node);
  touch(context, mountPointOf(node.parent));
}

function forgetUploads(context: Context, node: Node): void {
  if (node.kind === 'file') dropUnfinished(context, node);
  else for (const child of childrenOf(node)) forgetUploads(context, child);
}

/** Hangs a live node under another parent and name. */
export function relocate(context: Context, node: Node, parent: Container, name: string): void {
  const from = mountPointOf(node.parent);
  detach(node);
  node.parent = parent;
  node.name = name;
  if (node.kind === 'file' && node.current) node.current.mime = mimeOf(name);
  attach(node);
  touch(context, from);
  touch(context, mountPointOf(parent));
}

/** Moves as another device would; throws 404 without source, 409 when the target is taken. */
export function movePath(context: Context, from: string, to: string): void {
  const node = resolve(context.account, from.split('/').filter(Boolean));
  if (node?.kind !== 'file' && node?.kind !== 'folder') throw noSuchPath(from);
  const place = parsePlace(context, to);
  const name = place.names.at(-1) ?? '';
  const parent = ensureFolder(context, { mountPoint: place.mountPoint, names: place.names.slice(0, -1) });
  const taken = parent.live.get(foldName(name));
  if (taken && taken !== node) throw notUnique(to);
  relocate(context, node, parent, name);
}
