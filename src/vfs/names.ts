import { ErrnoError } from '../base/errno.ts';
import { vfsLimits } from './limits.ts';

/** The names of a slash-separated path, from the top; empty ones are skipped. */
export function splitPath(path: string): string[] {
  return path.split('/').filter((name) => name !== '');
}

/** The spelling a new name is stored under: NFC. Throws EINVAL or ENAMETOOLONG. */
export function checkNewName(name: string): string {
  const normal = name.normalize('NFC');
  if (normal === '' || normal === '.' || normal === '..' || normal.includes('/') || normal.includes('\0')) {
    throw new ErrnoError('EINVAL', 'not a file name');
  }
  if (normal.length > vfsLimits.nameMax || Buffer.byteLength(name) > vfsLimits.nameMax) {
    throw new ErrnoError('ENAMETOOLONG', 'name is longer than 255');
  }
  return normal;
}
