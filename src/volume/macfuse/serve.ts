import { ErrnoError, errnoNumber } from '../../base/errno.ts';
import type { Ino } from '../../store/nodeRow.ts';
import { toErrno } from '../../vfs/errors.ts';
import { splitPath } from '../../vfs/names.ts';
import type { VolumeView } from '../volume.ts';

type Callback<V> = (result: number, value?: V) => void;

/**
 * Runs one operation and answers it; its errors become errno. EIO is never answered without a line that names operation,
 * path and cause.
 */
export function serve<V>(
  view: VolumeView,
  operation: string,
  path: string | null,
  cb: Callback<V>,
  work: () => V | Promise<V>,
): void {
  new Promise<V>((resolve) => resolve(work())).then(
    (value) => cb(0, value),
    (error: unknown) => {
      const errno = toErrno(error);
      if (errno.code === 'EIO') view.log.error('file operation failed', { operation, path, error: errno });
      else if (errno.cause !== undefined) view.log.info('file operation refused', { operation, path, error: errno });
      cb(-errnoNumber(errno.code));
    },
  );
}

/** A change of the volume: refused on a read-only one before anything is looked at. */
export function change<V>(
  view: VolumeView,
  operation: string,
  path: string | null,
  cb: Callback<V>,
  work: () => V | Promise<V>,
): void {
  serve(view, operation, path, cb, () => {
    if (view.readOnly) throw new ErrnoError('EROFS', 'the volume is mounted read-only');
    return work();
  });
}

/** Ino behind a path from the volume's root; null is libfuse's path of a removed file. */
export async function find({ vfs, root }: VolumeView, path: string | null): Promise<Ino> {
  return (await vfs.resolve(root, splitPath(path ?? '/'))).ino;
}

/**
 * The binding puts U+FFFD where bytes are not UTF-8. Two such names would be one, and the second file would replace the first;
 * so a new name with that character is refused, though the character itself is a legal one. macOS has UTF-8 names only.
 */
export function checkUtf8(text: string): void {
  if (process.platform === 'darwin' || !text.includes('\uFFFD')) return;
  throw new ErrnoError('EILSEQ', 'not UTF-8, as far as can be told');
}

/** Finds the folder and the name of something that is to be made. EILSEQ. */
export async function locateNew(view: VolumeView, path: string): Promise<{ parent: Ino; name: string }> {
  const place = await locate(view, path);
  checkUtf8(place.name);
  return place;
}

/** Folder and last name of a path. EBUSY for the root of the volume. */
export async function locate({ vfs, root }: VolumeView, path: string): Promise<{ parent: Ino; name: string }> {
  const names = splitPath(path);
  const name = names.pop();
  if (name === undefined) throw new ErrnoError('EBUSY', 'the root of the volume');
  return { parent: (await vfs.resolve(root, names)).ino, name };
}
