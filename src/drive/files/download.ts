import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { lstat, mkdir, rename, symlink, unlink, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fsErrorCode } from '../../base/errno.ts';
import { wrongBytes } from '../../content/contentBlocks.ts';
import { DriveError } from '../../protocol/errors.ts';
import type { DownloadParams } from '../../protocol/fileMessages.ts';
import { type NodeRow, rootIno } from '../../store/nodeRow.ts';
import { linkSuffix } from '../../sync/tree/links.ts';
import { splitPath } from '../../vfs/names.ts';
import type { Vfs } from '../../vfs/vfs.ts';
import { resolveName } from './collision.ts';
import { about, type FilesContext, find, joinPath } from './context.ts';
import { copy } from './copy.ts';
import { withFile } from './fill.ts';
import { createLocalNames } from './localNames.ts';
import { resolveLocal } from './localPaths.ts';

/** Read at a time: one run of blocks, whose requests go side by side. */
const pieceBytes = 4 * 1024 * 1024;

/**
 * Saves files and folders of the account into a local folder, each file a transfer of its own. A file appears under its name
 * when it is complete. Into a mount of ours they are copied inside the account.
 */
export async function download(
  context: FilesContext,
  { paths, localFolder, collision }: DownloadParams,
  signal: AbortSignal,
): Promise<string[]> {
  const target = await resolveLocal(localFolder, context.getMounts());
  const made: string[] = [];
  const links: LaterLink[] = [];
  const toLocalName = createLocalNames();
  for (const path of paths) {
    await about(path, async () => {
      const wanted = splitPath(path).at(-1) ?? 'Jottacloud';
      if (target.kind === 'mounted') {
        const copied = await copy(context, { from: path, to: joinPath(target.path, wanted), collision }, signal);
        made.push(join(localFolder, splitPath(copied).at(-1) ?? wanted));
        return;
      }
      const row = await find(context, path);
      const vfs = getBounded(context, row);
      const shown = row.ino === rootIno ? wanted : vfs.getShownName(row);
      const name = await resolveName(
        toLocalName(shown),
        collision,
        (candidate) => exists(join(target.path, candidate)),
        join(localFolder, shown),
      );
      await save({ context, vfs, links, signal }, row, { path, localPath: join(target.path, name) });
      made.push(join(localFolder, name));
    });
  }
  // Last: nothing of the account is written through them.
  for (const link of links) await about(link.path, () => saveLink(context, link, signal));
  return made;
}

interface Saved {
  /** In the account. */
  readonly path: string;
  readonly localPath: string;
}

interface LaterLink extends Saved {
  readonly row: NodeRow;
}

interface Saving {
  readonly context: FilesContext;
  /** What is downloaded, as if it were a volume of its own. */
  readonly vfs: Vfs;
  /** Found so far. */
  readonly links: LaterLink[];
  readonly signal: AbortSignal;
}

/** A link made elsewhere that stays in the account may lead anywhere from where a part of the account is saved. */
function getBounded({ session }: FilesContext, { ino, kind, parent }: NodeRow): Vfs {
  return session.vfs.within({ root: kind === 'file' && parent !== null ? parent : ino });
}

async function save(saving: Saving, row: NodeRow, { path, localPath }: Saved): Promise<void> {
  const { context, vfs, links, signal } = saving;
  signal.throwIfAborted();
  if (row.kind !== 'file') {
    await ensureOwnFolder(localPath, path);
    const toLocalName = createLocalNames();
    for (const { name, row: child } of await vfs.readdir(row.ino)) {
      if (child.localOnly) continue;
      const saved = { path: joinPath(path, name), localPath: join(localPath, toLocalName(name)) };
      await save(saving, child, saved);
    }
  } else if (vfs.isLink(row)) links.push({ path, localPath, row });
  else await saveFile(context, row, path, localPath, signal);
}

/** How a disk without links refuses one; Windows, one to who may not make links. */
const noLinks: readonly unknown[] = ['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP'];

/** Where no link can be made, it is the file that it is on the server. */
async function saveLink(
  context: FilesContext,
  { path, localPath, row }: LaterLink,
  signal: AbortSignal,
): Promise<void> {
  const to = await context.session.vfs.readlink(row.ino);
  if (await exists(localPath)) await unlink(localPath);
  try {
    await symlink(to, localPath);
  } catch (error) {
    if (!noLinks.includes(fsErrorCode(error))) throw error;
    await saveFile(context, row, path, `${localPath}${linkSuffix}`, signal);
  }
}

/** A folder that is there is used; a link to one is not followed: it may lead anywhere. */
async function ensureOwnFolder(localPath: string, path: string): Promise<void> {
  try {
    await mkdir(localPath);
  } catch (error) {
    if (fsErrorCode(error) !== 'EEXIST') throw error;
    if (!(await lstat(localPath)).isDirectory()) throw new DriveError('alreadyExists', { path }, { cause: error });
  }
}

async function saveFile(
  context: FilesContext,
  row: NodeRow,
  path: string,
  localPath: string,
  signal: AbortSignal,
): Promise<void> {
  const { vfs, jobs } = context.session;
  const { size, mtime } = vfs.getAttr(row.ino);
  // A name nobody else has: what lies in the folder is the user's own.
  const partial = join(dirname(localPath), `.${randomUUID()}.part`);
  try {
    await jobs.run({ kind: 'download', path, total: size, canStop: true }, (report, stopped) =>
      withFile(context.session, row, async (fh) => {
        const ends = AbortSignal.any([signal, stopped]);
        const save = () => saveBytes(context.session, fh, size, partial, report, ends);
        // What was read earlier, in parts that had nothing to be checked against, may be what is wrong.
        if (!(await save()) && !(await save())) throw wrongBytes();
      }),
    );
    await utimes(partial, mtime.sec, mtime.sec);
    await rename(partial, localPath);
  } catch (error) {
    await unlink(partial).catch(() => undefined);
    throw error;
  }
}

/** Makes `localPath` of what an open file holds. False when the server says otherwise of its content: then nothing of it is kept. */
async function saveBytes(
  { vfs, reader }: FilesContext['session'],
  fh: number,
  size: number,
  localPath: string,
  report: (done: number) => void,
  signal: AbortSignal,
): Promise<boolean> {
  const hash = createHash('md5');
  const promised = vfs.getServerContent(fh);
  await pipeline(readAll(), createWriteStream(localPath, { flags: 'wx' }), { signal });
  const isSame = promised !== undefined && vfs.getServerContent(fh)?.md5 === promised.md5 && promised.size === size;
  if (!isSame || hash.digest('hex') === promised.md5) return true;
  reader.refuse(promised);
  await unlink(localPath);
  return false;

  async function* readAll(): AsyncGenerator<Buffer, void> {
    for (let at = 0; at < size; ) {
      const bytes = await vfs.read(fh, at, pieceBytes);
      if (bytes.length === 0) return;
      hash.update(bytes);
      yield bytes;
      at += bytes.length;
      report(at);
    }
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (fsErrorCode(error) === 'ENOENT') return false;
    throw error;
  }
}
