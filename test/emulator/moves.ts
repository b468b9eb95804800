import type { Context } from './context.ts';
import { noSuchPath, notUnique } from './errors.ts';
import type { Container, FileNode, FolderNode, Revision } from './model.ts';
import { newFile } from './model.ts';
import { checkName } from './names.ts';
import { wholeSecond } from './times.ts';
import { attach, detach, findChild, findLive, mountPointOf, resolveBelow, touch } from './tree.ts';
import { assertOutside, destroy, ensureFolder, placeAt, relocate, setContent, stampDeleted } from './writes.ts';

interface Slot {
  parent: Container;
  name: string;
  /** For messages: `/device/mountpoint/…`. */
  path: string;
}

/** Moves a live file to `[device, mountpoint, …]`; parents are made. Returns the file at its new place. Throws 409 as quirks say. */
export function moveFile(context: Context, file: FileNode, target: string[]): FileNode {
  const { parent, name, path } = slotFor(context, target);
  const taken = findChild(parent, name);
  if (taken === file) {
    if (context.quirks.caseRename === '409' && taken.name !== name) throw notUnique(path);
    relocate(context, file, parent, name);
    return file;
  }
  if (taken?.deleted === undefined && taken) {
    if (taken.kind === 'folder' || context.quirks.moveOntoLive === '409' || !file.current) throw notUnique(path);
    return replaceFile(context, file, file.current, taken);
  }
  if (taken?.kind === 'file' && context.quirks.moveOntoTrashed === '409') throw notUnique(path);
  relocate(context, file, parent, name);
  if (taken?.kind === 'file' && context.quirks.moveOntoTrashed === 'stays-trashed') {
    detach(file);
    stampDeleted(file, wholeSecond(Date.now()));
    attach(file);
  }
  return file;
}

/** Moves a live folder; returns it at its new place. Throws 409 as quirks say, 400 for a move into itself. */
export function moveFolder(context: Context, folder: FolderNode, target: string[]): FolderNode {
  const { parent, name, path } = slotFor(context, target);
  assertOutside(folder, parent, path);
  const taken = findChild(parent, name);
  if (taken === folder) {
    if (taken.name !== name && context.quirks.caseRename === '409') throw notUnique(path);
  } else if (taken?.deleted === undefined && taken) {
    if (taken.kind === 'file' || context.quirks.moveFolderOntoLive === '409') throw notUnique(path);
    merge(context, folder, taken);
    return taken;
  } else if (taken?.kind === 'folder' && context.quirks.moveFolderOntoTrashed === '409') throw notUnique(path);
  relocate(context, folder, parent, name);
  return folder;
}

/** Moves what is live in a folder into another one; then the folder is gone. */
function merge(context: Context, from: FolderNode, into: FolderNode): void {
  for (const child of [...from.live.values()]) {
    const taken = findLive(into, child.name);
    if (!taken) relocate(context, child, into, child.name);
    else if (child.kind === 'folder' && taken.kind === 'folder') merge(context, child, taken);
    else if (child.kind === 'file' && taken.kind === 'file' && child.current) {
      replaceFile(context, child, child.current, taken);
    } else throw notUnique(`${into.name}/${child.name}`);
  }
  destroy(context, from);
}

function replaceFile(context: Context, file: FileNode, current: Revision, taken: FileNode): FileNode {
  const { size, md5, created, modified } = current;
  destroy(context, file);
  setContent(context, taken, { size, md5, created, modified });
  return taken;
}

/** Copies the current revision of a file; a copy onto a trashed name stays in the trash (PROTOCOL.md §2.3). */
export function copyFile(context: Context, file: FileNode, current: Revision, target: string[]): FileNode {
  const { parent, name, path } = slotFor(context, target);
  const taken = findChild(parent, name);
  if (taken?.kind === 'folder' && taken.deleted === undefined) throw notUnique(path);
  const live = taken?.deleted === undefined;
  if (taken && live && (context.quirks.copyOntoLive === '409' || taken === file)) throw notUnique(path);
  const copy = taken?.kind === 'file' ? taken : newFile(name, parent);
  if (copy !== taken) attach(copy);
  const { size, md5, created, modified } = current;
  setContent(context, copy, { size, md5, created, modified }, context.quirks.copyOntoTrashed === 'live');
  touch(context, mountPointOf(parent));
  return copy;
}

function slotFor(context: Context, target: string[]): Slot {
  const place = placeAt(context, target);
  const name = place.names.at(-1) ?? '';
  const names = place.names.slice(0, -1);
  const path = `/${target.join('/')}`;
  for (const part of place.names) checkName(part, context.quirks);
  if (context.quirks.moveMakesParents === '404') {
    const parent = resolveBelow(place.mountPoint, names);
    if (!parent || parent.kind === 'file' || parent.deleted !== undefined) throw noSuchPath(path);
  }
  return { parent: ensureFolder(context, { mountPoint: place.mountPoint, names }), name, path };
}
