import { constants } from 'node:fs';
import type Fuse from 'fuse-native';
import { ErrnoError } from '../../base/errno.ts';
import type { RenameMode } from '../../vfs/rename.ts';
import type { DirEntry } from '../../vfs/vfs.ts';
import type { VolumeView } from '../volume.ts';
import { toStats } from './attrOperations.ts';
import { change, checkUtf8, find, locate, locateNew, serve } from './serve.ts';

/** The flags of renameat2(2) on Linux and of renamex_np(2) on macOS, which node:fs does not name. Undefined: unknown. */
export function parseRenameFlags(flags: number, platform: NodeJS.Platform = process.platform): RenameMode | undefined {
  const noReplace = platform === 'darwin' ? 4 : 1;
  const exchange = 2;
  if (flags === 0) return 'replace';
  if (flags === noReplace) return 'noReplace';
  return flags === exchange ? 'exchange' : undefined;
}

/** What libfuse renames a file to that is removed or replaced while open: with the number of the node, and that of the renaming. */
const hiddenName = /^\.fuse_hidden[0-9a-f]{8}([0-9a-f]{8})$/;
/** libfuse counts its renamings from 1; it tries ten names when they are taken. */
const skippedNames = 16;

/** Tells libfuse's own renamings from a person's, who may have files of such names from elsewhere. */
function createHiddenNameTest(): (name: string) => boolean {
  let last = 0;
  return (name) => {
    const count = Number.parseInt(hiddenName.exec(name)?.[1] ?? '0', 16);
    if (count <= last || count > last + skippedNames) return false;
    last = count;
    return true;
  };
}

/** The operations that list names. */
export function listOperations(view: VolumeView) {
  const { vfs } = view;
  return {
    readdir: (path, cb) =>
      serve(
        view,
        'readdir',
        path,
        (result, listing?: { own: Fuse.Stats; entries: DirEntry[] }) => {
          if (listing === undefined) return cb(result);
          const { own, entries } = listing;
          // A directory holds itself and the one above; of the latter only the kind matters.
          const names = ['.', '..', ...entries.map(({ name }) => name)];
          cb(result, names, [own, own, ...entries.map(({ row }) => toStats(view, vfs.getAttr(row.ino)))]);
        },
        async () => {
          const ino = await find(view, path);
          const entries = await vfs.readdir(ino);
          return { own: toStats(view, vfs.getAttr(ino)), entries };
        },
      ),
    fsyncdir: (path, _dataOnly, _fh, cb) => serve(view, 'fsyncdir', path, cb, () => vfs.sync()),
  } satisfies Fuse.OPERATIONS;
}

/** The operations that make, move and remove names. */
export function nameOperations(view: VolumeView) {
  const { vfs } = view;
  const isHiddenName = createHiddenNameTest();
  return {
    mkdir: (path, mode, cb) =>
      change(view, 'mkdir', path, cb, async () => {
        const { parent, name } = await locateNew(view, path);
        if (isFinderTrash(path)) return refuse();
        await vfs.mkdir(parent, name, mode);
      }),
    unlink: (path, cb) =>
      change(view, 'unlink', path, cb, async () => {
        const { parent, name } = await locate(view, path);
        await vfs.unlink(parent, name);
      }),
    rmdir: (path, cb) =>
      change(view, 'rmdir', path, cb, async () => {
        const { parent, name } = await locate(view, path);
        await vfs.rmdir(parent, name);
      }),
    renameWithFlags: (from, to, flags, cb) =>
      change(view, 'rename', from, cb, async () => {
        const mode = parseRenameFlags(flags);
        if (mode === undefined) throw new ErrnoError('EINVAL', 'rename flag is not supported');
        const [source, target] = [await locate(view, from), await locateNew(view, to)];
        if (isHiddenName(target.name) && (await vfs.tryHide(source, target))) return;
        await vfs.rename(source, target, mode);
      }),
    symlink: (target, path, cb) =>
      change(view, 'symlink', path, cb, async () => {
        const { parent, name } = await locateNew(view, path);
        checkUtf8(target);
        await vfs.symlink(parent, name, target);
      }),
    readlink: (path, cb) => serve(view, 'readlink', path, cb, async () => vfs.readlink(await find(view, path))),
    // Plain refusals, so that programs fall back: git copies instead of linking.
    link: (path, _to, cb) => change(view, 'link', path, cb, refuse),
    mknod: (path, mode, _device, cb) =>
      change(view, 'mknod', path, cb, async () => {
        if ((mode & constants.S_IFMT) !== constants.S_IFREG) return refuse();
        const { parent, name } = await locateNew(view, path);
        const options = { writing: true, append: false, truncate: false, exclusive: true };
        const { fh } = await vfs.create(parent, name, mode, options);
        await vfs.release(fh);
      }),
  } satisfies Fuse.OPERATIONS;
}

/** Without it Finder offers "Delete Immediately", and what is deleted goes to the trash of the account. */
export function isFinderTrash(path: string, platform: NodeJS.Platform = process.platform): boolean {
  return platform === 'darwin' && path === '/.Trashes';
}

function refuse(): never {
  throw new ErrnoError('EPERM', 'not possible on this volume');
}
