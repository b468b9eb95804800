import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  type Stats,
} from 'node:fs';
import { fsErrorCode } from './errno.ts';
import { getFacts } from './platform.ts';

/** What is at `path` is a link, belongs to another user, or is no file or folder as it should be. */
export class OwnershipError extends Error {
  readonly kind: 'link' | 'owner' | 'kind';
  readonly path: string;

  constructor(kind: 'link' | 'owner' | 'kind', path: string, options?: ErrorOptions) {
    super(
      `${path} ${kind === 'link' ? 'is a link' : kind === 'owner' ? 'belongs to another user' : 'is something else'}`,
      options,
    );
    this.name = 'OwnershipError';
    this.kind = kind;
    this.path = path;
  }
}

/**
 * A folder of this user, no link, made (0700) when missing. With `isPrivate` it is 0700 afterwards, so that nobody else can put
 * anything into it. Where files have no modes it is a folder and no link: it belongs to who may reach the one above. Throws
 * OwnershipError, and as the disk does.
 */
export function ensureOwnFolder(path: string, { isPrivate = true, facts = getFacts() } = {}): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  if (!facts.hasModes) {
    checkKind(path, lstatSync(path), (found) => found.isDirectory());
    return;
  }
  const fd = openOwnFolder(path);
  try {
    const found = fstatSync(fd);
    checkOwner(path, found);
    // By the descriptor, because what the path names may be exchanged meanwhile.
    if (isPrivate && (found.mode & 0o777) !== 0o700) fchmodSync(fd, 0o700);
  } finally {
    closeSync(fd);
  }
}

function openOwnFolder(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  } catch (error) {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found?.isSymbolicLink()) throw new OwnershipError('link', path, { cause: error });
    if (found !== undefined) checkOwner(path, found);
    if (fsErrorCode(error) === 'ENOTDIR') throw new OwnershipError('kind', path, { cause: error });
    throw error;
  }
}

/**
 * A file of this user in a folder that `ensureOwnFolder` has checked, made when missing; 0600 whatever the umask, where files have
 * modes. Throws OwnershipError, and as the disk does. A file that is there is not opened: the end of that would end its SQLite locks.
 */
export function ensureOwnFile(path: string, facts = getFacts()): void {
  try {
    const fd = openSync(path, 'wx', 0o600);
    fchmodSync(fd, 0o600);
    closeSync(fd);
  } catch (error) {
    if (fsErrorCode(error) !== 'EEXIST') throw error;
    const found = lstatSync(path);
    checkKind(path, found, () => found.isFile());
    if (!facts.hasModes) return;
    checkOwner(path, found);
    if ((found.mode & 0o777) !== 0o600) chmodSync(path, 0o600);
  }
}

function checkKind(path: string, found: Stats, isRight: (found: Stats) => boolean): void {
  if (found.isSymbolicLink()) throw new OwnershipError('link', path);
  if (!isRight(found)) throw new OwnershipError('kind', path);
}

function checkOwner(path: string, { uid }: Stats): void {
  if (uid !== process.getuid?.()) throw new OwnershipError('owner', path);
}
