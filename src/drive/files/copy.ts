import { untilAborted } from '../../base/abort.ts';
import { DriveError } from '../../protocol/errors.ts';
import type { CopyParams } from '../../protocol/fileMessages.ts';
import type { Ino, NodeRow, Place } from '../../store/nodeRow.ts';
import { isLocallyWithin } from '../../sync/tree/paths.ts';
import { resolveName } from './collision.ts';
import { checkWritable, type FilesContext, find, joinPath, locate, noting } from './context.ts';
import { fillFile, shareContent, withFile } from './fill.ts';

/** Bytes read at a time of a file with unsent bytes. */
const pieceBytes = 1024 * 1024;

/** Copies a file, or a folder with all it holds. What the server has is shared, not read: such a copy needs no transfer. */
export async function copy(
  context: FilesContext,
  { from, to, collision }: CopyParams,
  signal: AbortSignal,
): Promise<string> {
  checkWritable(context, to);
  const { vfs } = context.session;
  const source = await find(context, from);
  const { parent, name: wanted } = await locate(context, to);
  const isTaken = async (name: string) => vfs.getShownChild(parent, name) !== undefined;
  await vfs.readdir(parent);
  const name = await resolveName(wanted, collision, isTaken, to);
  await copyInto(context, source, { parent, name }, { overwrite: collision === 'replace', signal });
  return joinPath(to.slice(0, to.replace(/\/+$/, '').lastIndexOf('/')), name);
}

export interface CopyOptions {
  /** False: `alreadyExists` where a file is in the way. */
  readonly overwrite: boolean;
  readonly signal: AbortSignal;
}

/**
 * Into a folder that is there already a folder is merged; a file becomes a revision of the one there. What is copied onto itself
 * stays as it is. DriveError `invalidName` for a folder into itself.
 */
export async function copyInto(
  context: FilesContext,
  source: NodeRow,
  place: Place,
  options: CopyOptions,
): Promise<void> {
  options.signal.throwIfAborted();
  const { vfs, nodes } = context.session;
  if (source.kind === 'file') {
    await copyFile(context, source, place, { create: true, ...options });
    return;
  }
  // Such a copy would never end. Checked for every folder, because others may rename meanwhile.
  if (isLocallyWithin(nodes, place.parent, source.ino)) throw new DriveError('invalidName', { name: place.name });
  if (isSame(context, source, place)) return;
  const children = await vfs.readdir(source.ino);
  const folder = await ensureFolder(context, place);
  for (const { name, row } of children) {
    const now = nodes.get(row.ino);
    if (now !== undefined && !row.localOnly) await copyInto(context, now, { parent: folder, name }, options);
  }
}

/** The folder of that name, made when there is none. `alreadyExists` when a file has the name. */
export async function ensureFolder(context: FilesContext, { parent, name }: Place): Promise<Ino> {
  const { vfs } = context.session;
  const existing = vfs.getShownChild(parent, name);
  if (existing !== undefined && existing.kind !== 'file') return existing.ino;
  return (await noting(context, { parent, name }, () => vfs.mkdir(parent, name, 0))).ino;
}

/** Copies a file, whole or not at all. A file copied onto itself stays as it is. */
export async function copyFile(
  context: FilesContext,
  source: NodeRow,
  place: Place,
  options: CopyOptions & { readonly create: boolean },
): Promise<void> {
  const { vfs, nodes } = context.session;
  if (options.overwrite && isSame(context, source, place)) return;
  if (vfs.isLink(source)) {
    const target = await untilAborted(vfs.readlink(source.ino), options.signal);
    const { ino } = await noting(context, place, () => vfs.putLink(place, target, options));
    // The copy of a link that was made elsewhere is still one that was made elsewhere.
    if (source.link === 'foreign') nodes.update(ino, { link: source.link, target: source.target });
    return;
  }
  const { mtime } = vfs.getAttr(source.ino);
  await withFile(context.session, source, async (fh) => {
    const shared = vfs.getServerContent(fh);
    if (shared !== undefined) return shareContent(context, place, shared, { ...options, mtime });
    const { size } = vfs.getHandleAttr(fh);
    return fillFile(context, place, size, readAll(fh, size), { ...options, mtime });
  });

  async function* readAll(fh: number, size: number): AsyncGenerator<Buffer, void> {
    for (let at = 0; at < size; at += pieceBytes) {
      yield await untilAborted(vfs.read(fh, at, Math.min(pieceBytes, size - at)), options.signal);
    }
  }
}

/** Is this what has the name already? */
function isSame({ session }: FilesContext, { ino }: NodeRow, { parent, name }: Place): boolean {
  return session.vfs.getShownChild(parent, name)?.ino === ino;
}
