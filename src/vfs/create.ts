import { ErrnoError } from '../base/errno.ts';
import type { Ino, NodeRow } from '../store/nodeRow.ts';
import { getLinkName } from '../sync/tree/links.ts';
import { defaultFolderMode } from '../sync/tree/modes.ts';
import {
  checkChangeable,
  ensureListed,
  getFolder,
  getLiveFolder,
  getNow,
  touchFolder,
  type VfsContext,
} from './context.ts';
import { claimName, getShownChild, toStoredName } from './links.ts';

/** A desktop's trash at the top of a volume: refused there, so that it offers to delete at once, which is Jottacloud's own trash. */
const desktopTrash = /^\.Trash(-\d+)?$/;

/** Checks that `name` can be made in `parent`; its children are known when this resolves. */
export async function prepareParent(context: VfsContext, parent: Ino, name: string): Promise<void> {
  const folder = getFolder(context, parent);
  toStoredName(name, false);
  if (folder.kind === 'root' || folder.kind === 'device') {
    throw new ErrnoError('EPERM', 'only folders and mountpoints take files');
  }
  checkChangeable(context, parent);
  if (!context.localNames.matches(name)) await ensureListed(context, parent);
}

/** The new folder counts as listed: nothing in it waits for the network. EEXIST in any spelling. */
export async function mkdir(context: VfsContext, parent: Ino, name: string, mode: number): Promise<NodeRow> {
  if (parent === context.bounds.root && desktopTrash.test(name))
    throw new ErrnoError('EPERM', 'removed files go to the trash of the account');
  await prepareParent(context, parent, name);
  if (getShownChild(context, parent, name) !== undefined) throw new ErrnoError('EEXIST', 'name is taken');
  const row = insert(context, parent, name, {
    kind: 'folder',
    mode: mode === 0 ? defaultFolderMode : mode & 0o7777,
    md5: null,
  });
  await context.barrier.acknowledge();
  context.pusher.nudge();
  return row;
}

export interface NewEntry extends Partial<Pick<NodeRow, 'size' | 'mtime'>>, Pick<NodeRow, 'mode' | 'md5'> {
  readonly kind: 'file' | 'folder';
  /** A symbolic link. */
  readonly link?: boolean;
}

/** ENOENT when the folder was removed meanwhile, EEXIST when the name of a link's file is taken. */
export function insert(context: VfsContext, parent: Ino, name: string, entry: NewEntry): NodeRow {
  const { nodes, activity, clock, localNames } = context;
  const { kind, link = false, size = 0, mtime = getNow(context), mode, md5 } = entry;
  const stored = toStoredName(name, link);
  const isLinkFile = kind === 'file' && getLinkName(stored) !== undefined;
  const row = nodes.transaction(() => {
    const folder = getLiveFolder(context, parent);
    if (nodes.getChild(parent, stored) !== undefined) throw new ErrnoError('EEXIST', 'name is taken');
    const made = nodes.insert({
      ...{ kind, parent, name: stored, size, mtime, ctimeMs: clock.now(), mode, md5, synced: null },
      localOnly: folder.localOnly || localNames.matches(link ? name : stored),
      link: link ? 'own' : isLinkFile ? 'file' : null,
    });
    claimName(context, parent, stored);
    touchFolder(context, parent);
    return kind === 'folder' ? nodes.update(made.ino, { listedAt: clock.now() }) : made;
  });
  activity.noteChange(row.ino);
  return row;
}
