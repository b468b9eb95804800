import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { unlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fsErrorCode } from '../../base/errno.ts';
import { wrongBytes } from '../../content/contentBlocks.ts';
import type { DownloadParams } from '../../protocol/fileMessages.ts';
import { type NodeRow, rootIno } from '../../store/nodeRow.ts';
import { linkSuffix } from '../../sync/tree/links.ts';
import { splitPath } from '../../vfs/names.ts';
import type { Vfs } from '../../vfs/vfs.ts';
import { about, type FilesContext, find, joinPath } from './context.ts';
import { copy } from './copy.ts';
import { withFile } from './fill.ts';
import { createLocalNames } from './localNames.ts';
import { resolveLocal } from './localPaths.ts';
import { type LocalSpot, makeFolder, makeLink, newPartial, putInPlace, spotIn, tellSpot } from './localSpots.ts';

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
  for (const [index, path] of paths.entries()) {
    await about(path, async () => {
      const wanted = splitPath(path).at(-1) ?? 'Jottacloud';
      if (target.kind === 'mounted') {
        const copied = await copy(context, { from: path, to: joinPath(target.path, wanted), collision }, signal);
        made[index] = join(localFolder, splitPath(copied).at(-1) ?? wanted);
        return;
      }
      const row = await find(context, path);
      const vfs = getBounded(context, row);
      const shown = row.ino === rootIno ? wanted : vfs.getShownName(row);
      const spot = spotIn(target.path, toLocalName(shown), collision, (name) => {
        made[index] = join(localFolder, name);
      });
      // Refused before a byte is read. What is there in the end counts.
      await spot.place(async () => {});
      await save({ context, vfs, replaces: collision === 'replace', links, signal }, row, path, spot);
    });
  }
  // Last: nothing of the account is written through them.
  for (const link of links) await about(link.path, () => saveLink(link));
  return made;
}

interface Saving {
  readonly context: FilesContext;
  /** What is downloaded, as if it were a volume of its own. */
  readonly vfs: Vfs;
  /** What is there gives way. */
  readonly replaces: boolean;
  /** Found so far. */
  readonly links: LaterLink[];
  readonly signal: AbortSignal;
}

interface LaterLink {
  readonly saving: Saving;
  readonly row: NodeRow;
  /** In the account. */
  readonly path: string;
  readonly spot: LocalSpot;
}

/** A link made elsewhere that stays in the account may lead anywhere from where a part of the account is saved. */
function getBounded({ session }: FilesContext, { ino, kind, parent }: NodeRow): Vfs {
  return session.vfs.within({ root: kind === 'file' && parent !== null ? parent : ino });
}

async function save(saving: Saving, row: NodeRow, path: string, spot: LocalSpot): Promise<void> {
  const { vfs, replaces, links, signal } = saving;
  signal.throwIfAborted();
  if (row.kind !== 'file') {
    const folder = await spot.place((at) => makeFolder(at, path, replaces));
    const toLocalName = createLocalNames();
    for (const { name, row: child } of await vfs.readdir(row.ino)) {
      if (child.localOnly) continue;
      await save(saving, child, joinPath(path, name), spotIn(folder, toLocalName(name), replaces ? 'replace' : 'fail'));
    }
  } else if (vfs.isLink(row)) links.push({ saving, row, path, spot });
  else await saveFile(saving, row, path, spot);
}

/** How a disk without links refuses one; Windows, one to who may not make links. */
const noLinks: readonly unknown[] = ['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP'];

/** Where no link can be made, it is the file that it is on the server. */
async function saveLink({ saving, row, path, spot }: LaterLink): Promise<void> {
  const to = await saving.context.session.vfs.readlink(row.ino);
  try {
    await spot.place((at) => makeLink(to, at, saving.replaces));
  } catch (error) {
    if (!noLinks.includes(fsErrorCode(error))) throw error;
    const place: LocalSpot['place'] = (make) => spot.place((at) => make(`${at}${linkSuffix}`));
    await saveFile(saving, row, path, { ...spot, place });
  }
}

async function saveFile(saving: Saving, row: NodeRow, path: string, spot: LocalSpot): Promise<void> {
  const { context, replaces, signal } = saving;
  const { vfs, jobs } = context.session;
  const { size, mtime } = vfs.getAttr(row.ino);
  const partial = newPartial(spot.folder);
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
    await spot.place((at) => putInPlace(partial, at, replaces));
  } catch (error) {
    await unlink(partial).catch(() => undefined);
    throw tellSpot(error, partial, spot);
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
  await reader.refuse(promised);
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
