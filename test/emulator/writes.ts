import type { Context } from './context.ts';
import { invalidArgument, noSuchMountPoint, noSuchPath, notUnique } from './errors.ts';
import { announce } from './events.ts';
import { mimeOf } from './mime.ts';
import type { Container, FileNode, FolderNode, MountPointNode, Node, Revision } from './model.ts';
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
  /** Number that its upload took already. */
  number?: number;
}

const olderRevisionsKept = 4;

/** Resolves `[device, mountpoint, …names]` for writing. Throws 404 for an unknown or read-only mountpoint. */
export function placeAt(context: Context, [device = '', mountPoint = '', ...names]: readonly string[]): Place {
  const found = resolve(context.account, [device, mountPoint]);
  if (found?.kind !== 'mountPoint' || found.view !== undefined) throw noSuchMountPoint();
  return { mountPoint: found, names };
}

/** Resolves `/device/mountpoint/…`, for what others do: they put into Shared what they share. */
export function parsePlace(context: Context, path: string): Place {
  const [device = '', mountPoint = '', ...names] = path.split('/').filter(Boolean);
  const found = resolve(context.account, [device, mountPoint]);
  if (found?.kind === 'mountPoint' && found.view === 'Shared') return { mountPoint: found, names };
  return placeAt(context, [device, mountPoint, ...names]);
}

/** Makes every folder on the way, reviving trashed ones (PROTOCOL.md §2.3, quirk `mkDirUntrashes`). */
export function ensureFolder(context: Context, { mountPoint, names }: Place, untrash = true): Container {
  if (untrash && mountPoint.deleted !== undefined) revive(context, mountPoint);
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
      respell(context, child, name);
      revive(context, child);
      if (context.quirks.mkDirUntrashes === 'recursive' && deleted !== undefined) reviveBelow(context, child, deleted);
      at = child;
      continue;
    }
    checkName(name, context.quirks);
    const folder: FolderNode = newFolder(name, at);
    attach(folder);
    touch(context, mountPoint);
    announce(context, 'CREATE_DIR', folder);
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
  if (existing?.kind === 'file') {
    respell(context, existing, name);
    return existing;
  }
  if (existing && existing.deleted === undefined) throw notUnique(pathOf(context.account, existing));
  checkName(name, context.quirks);
  const file = newFile(name, parent);
  attach(file);
  return file;
}

/** What leaves the trash takes the spelling it is asked for by (quirk `trashedCase`). */
function respell({ quirks }: Context, node: FileNode | FolderNode, name: string): void {
  if (node.deleted === undefined || quirks.trashedCase === 'old') return;
  detach(node);
  node.name = name;
  attach(node);
}

/**
 * Gives a file complete content: only new times when it is the same content (quirk `sameContent`), else a new revision (§2.6).
 * Un-trashes.
 */
export function setContent(context: Context, file: FileNode, content: Content, untrash = true): void {
  const updated = wholeSecond(Date.now());
  const { size, md5, created, modified } = content;
  const { current } = file;
  const same = current?.size === size && current.md5.toLowerCase() === md5.toLowerCase();
  if (current && same && context.quirks.sameContent === 'times-only') {
    Object.assign(current, { created, modified, updated });
    file.latest = undefined;
  } else {
    const number = content.number ?? nextNumber(context, file);
    setAside(file, current);
    overtake(context, file);
    file.current = { number, state: 'COMPLETED', updated, mime: mimeOf(file.name), size, md5, created, modified };
  }
  const live = file.deleted === undefined;
  if (untrash) revive(context, file);
  touch(context, mountPointOf(file.parent));
  if (live) announce(context, 'NEW_UPLOAD', file);
}

/** The number of a file's next revision; with the quirk `revisionNumbers` the first is 3, and each next one 7 further on. */
export function nextNumber({ quirks }: Context, { current, latest, older }: FileNode): number {
  const last = Math.max(0, ...[current, latest, ...older].map((revision) => revision?.number ?? 0));
  if (quirks.revisionNumbers === 'consecutive') return last + 1;
  return last === 0 ? 3 : last + 7;
}

/** Makes room for another newest revision: an unfinished one joins the older ones or goes (quirk `unfinishedRevisions`). */
export function overtake(context: Context, file: FileNode): void {
  if (!file.latest) return;
  const { uploadId: _, ...unfinished } = file.latest;
  file.latest = undefined;
  if (context.quirks.unfinishedRevisions === 'kept') setAside(file, unfinished);
}

function setAside(file: FileNode, revision: Revision | undefined): void {
  if (!revision) return;
  file.older = [revision, ...file.older].sort((a, b) => b.number - a.number).slice(0, olderRevisionsKept);
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
  announce(context, node.kind === 'file' ? 'DELETE' : 'DELETE_DIR', node);
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
    announce(context, 'RESTORE_MP', node);
    return;
  }
  detach(node);
  node.deleted = undefined;
  attach(node);
  touch(context, mountPointOf(node.parent));
  announce(context, node.kind === 'file' ? 'RESTORE' : 'CREATE_DIR', node);
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
  announce(context, node.kind === 'file' ? 'HARD_DELETE_FILE' : 'HARD_DELETE_DIR', node);
}

/** Forgets every unfinished upload to a file or below a container. */
export function forgetUploads(context: Context, node: Node | MountPointNode): void {
  if (node.kind === 'file') dropUnfinished(context, node);
  else for (const child of childrenOf(node)) forgetUploads(context, child);
}

/** Hangs a live node under another parent and name. */
export function relocate(context: Context, node: Node, parent: Container, name: string): void {
  const from = mountPointOf(node.parent);
  const formerPath = pathOf(context.account, node);
  detach(node);
  node.parent = parent;
  node.name = name;
  if (node.kind === 'file' && node.current) node.current.mime = mimeOf(name);
  attach(node);
  touch(context, from);
  touch(context, mountPointOf(parent));
  announce(context, node.kind === 'file' ? 'MOVE' : 'MOVE_DIR', node, formerPath);
}

/** Throws 400 when `parent` is `folder` or below it. */
export function assertOutside(folder: FolderNode, parent: Container, path: string): void {
  for (let at: Container = parent; at.kind === 'folder'; at = at.parent) {
    if (at === folder) throw invalidArgument(`${path} is inside the folder being moved`);
  }
}

/** Moves as another device would; throws 404 without source, 409 when the target is taken, 400 for a folder into itself. */
export function movePath(context: Context, from: string, to: string): void {
  const node = resolve(context.account, from.split('/').filter(Boolean));
  if (node?.kind !== 'file' && node?.kind !== 'folder') throw noSuchPath(from);
  const place = parsePlace(context, to);
  const name = place.names.at(-1) ?? '';
  const parent = ensureFolder(context, { mountPoint: place.mountPoint, names: place.names.slice(0, -1) });
  const taken = parent.live.get(foldName(name));
  if (taken && taken !== node) throw notUnique(to);
  if (node.kind === 'folder') assertOutside(node, parent, to);
  relocate(context, node, parent, name);
}
