import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  type Stats,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fsErrorCode } from './errno.ts';
import { makeFoldersSync } from './folders.ts';
import { getFacts } from './platform.ts';

type Fault = 'link' | 'owner' | 'kind' | 'shared';

const faultTexts: Readonly<Record<Fault, string>> = {
  link: 'is a link',
  owner: 'belongs to another user',
  kind: 'is neither a folder nor a file as it should be',
  shared: 'is shared with all users',
};

/** What is at `path` is a link, is another user's or for all, or is no file or folder as it should be. */
export class OwnershipError extends Error {
  readonly kind: Fault;
  readonly path: string;

  constructor(kind: Fault, path: string, options?: ErrorOptions) {
    super(`${path} ${faultTexts[kind]}`, options);
    this.name = 'OwnershipError';
    this.kind = kind;
    this.path = path;
  }
}

/** Nothing can be kept at `path`, now or later. `cause` is what the system says. */
export class UnusableFolderError extends Error {
  readonly path: string;

  constructor(path: string, reason: string, options?: ErrorOptions) {
    super(`${path} ${reason}: choose another place`, options);
    this.name = 'UnusableFolderError';
    this.path = path;
  }
}

/** What the place is to blame for, and not the moment: a full disk, too many open files. */
const placeCodes = ['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP', 'EACCES', 'EPERM', 'EROFS', 'EINVAL'];

/**
 * A folder of this user, no link, made (0700) when missing, in none that belongs to another user. With `isPrivate` it is 0700
 * afterwards, so that nobody else can put anything into it; else only where others could. Where files have no modes it is a
 * folder and no link: it belongs to who may reach the one above. Throws OwnershipError, UnusableFolderError, and as the disk does.
 */
export function ensureOwnFolder(path: string, { isPrivate = true, facts = getFacts() } = {}): void {
  try {
    if (facts.hasModes) checkAbove(path);
    makeFoldersSync(path);
    if (facts.hasModes) takeFolder(path, isPrivate);
    else checkKind(path, lstatSync(path), (found) => found.isDirectory());
  } catch (error) {
    if (!placeCodes.includes(fsErrorCode(error) ?? '')) throw error;
    throw new UnusableFolderError(path, `cannot be used (${(error as Error).message})`, { cause: error });
  }
}

/** Sticky, and to be written by all: /tmp, which is root's own. Whoever makes it private takes it from all. */
const sharedMode = 0o1002;
const othersWrite = 0o022;

function takeFolder(path: string, isPrivate: boolean): void {
  const fd = openOwnFolder(path);
  try {
    const found = fstatSync(fd);
    checkOwner(path, found);
    if ((found.mode & sharedMode) === sharedMode) throw new OwnershipError('shared', path);
    const isRight = isPrivate ? (found.mode & 0o777) === 0o700 : (found.mode & othersWrite) === 0;
    // By the descriptor, because what the path names may be exchanged meanwhile.
    if (!isRight) fchmodSync(fd, 0o700);
  } finally {
    closeSync(fd);
  }
}

/**
 * Whoever owns a folder can exchange what is in it, at any time. So those above belong to this user or to root, as sshd wants it
 * of the folders above its keys; links on the way too, and the folders above what they lead to. Those that are missing will be
 * this user's.
 */
function checkAbove(path: string): void {
  const above = dirname(path);
  if (above === path) return;
  checkAbove(above);
  const found = lstatSync(above, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!isTrusted(found.uid)) throw new OwnershipError('owner', above);
  if (!found.isSymbolicLink()) return;
  const target = resolve(realpathSync(dirname(above)), readlinkSync(above));
  checkAbove(join(target, 'in it'));
}

function isTrusted(uid: number): boolean {
  return uid === 0 || uid === process.getuid?.() || uid === findUnmappedUid();
}

/**
 * What a sandbox (Flatpak, a container without root) shows as the owner of all that belongs to none of its users, root of the
 * computer among them; undefined where there is no such user.
 */
function findUnmappedUid(): number | undefined {
  try {
    const [first, real] = readFileSync('/proc/self/uid_map', 'utf8').trim().split(/\s+/);
    const isRootHere = first === '0' && real === '0';
    return isRootHere ? undefined : Number(readFileSync('/proc/sys/kernel/overflowuid', 'utf8'));
  } catch {
    return undefined;
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
