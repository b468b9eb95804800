import { createWriteStream } from 'node:fs';
import { lstat, unlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { isAbsolute } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fsErrorCode } from '../base/errno.ts';
import { DriveError } from '../protocol/errors.ts';
import type { ExportedCopy } from '../protocol/messages.ts';
import type { NodeRow } from '../store/nodeRow.ts';
import { getLocalPath } from '../sync/tree/paths.ts';
import type { Fh } from '../vfs/openInode.ts';
import type { Vfs } from '../vfs/vfs.ts';
import type { FilesContext } from './files/context.ts';
import { resolveLocal } from './files/localPaths.ts';
import type { Session } from './session.ts';

/** Bytes read at a time for a copy. */
const pieceBytes = 4 * 1024 * 1024;

/** Gives up the refused change of a transfer: the server's side is shown again. `notFound` when it has not failed. */
export async function discardFailed(session: Session, id: string): Promise<void> {
  const row = getFailed(session, id);
  const { parent, name, synced } = row;
  await session.vfs.discard(row.ino, { host: hostname(), now: session.clock.now() });
  const places = [parent === null ? undefined : { parent, name }, synced ?? undefined];
  session.treeChanged.emit(places.filter((place) => place !== undefined));
  session.pusher.changed.emit();
}

/**
 * Copies what a refused change holds to `to`, a new file of this computer outside of every mount; the change stays.
 * DriveError `notFound`, `isFolder`, `invalidName` (not an absolute path), `mountPointReserved` (in a mount), `alreadyExists`.
 */
export async function exportFailed(context: FilesContext, id: string, to: string): Promise<ExportedCopy> {
  const { session } = context;
  const row = getFailed(session, id);
  if (row.kind !== 'file') throw new DriveError('isFolder', { path: getLocalPath(session.nodes, row.ino) ?? row.name });
  if (!isAbsolute(to)) throw new DriveError('invalidName', { name: to });
  const target = await resolveLocal(to, context.getMounts());
  if (target.kind === 'mounted') throw new DriveError('mountPointReserved', { path: to });
  if (await exists(target.path)) throw new DriveError('alreadyExists', { path: to });
  return copyOut(session, row, target.path);
}

async function copyOut({ vfs }: Session, row: NodeRow, path: string): Promise<ExportedCopy> {
  const fh = await vfs.open(row.ino, { writing: false, append: false, truncate: false });
  const output = createWriteStream(path, { flags: 'wx', mode: 0o600, flush: true });
  let made = false;
  let missing = 0;
  output.once('open', () => {
    made = true;
  });
  try {
    const pieces = readPieces(vfs, fh, (bytes) => {
      missing += bytes;
    });
    await pipeline(pieces, output);
    return { missing };
  } catch (error) {
    if (made) await unlink(path).catch(() => undefined);
    throw error;
  } finally {
    await vfs.release(fh);
  }
}

/** All of an open file, in order. `onMissing` hears of bytes that are nowhere any more and come as zeros. */
async function* readPieces(vfs: Vfs, fh: Fh, onMissing: (bytes: number) => void): AsyncGenerator<Buffer, void> {
  let wholly = true;
  const read = async (at: number): Promise<Buffer> => {
    try {
      if (wholly) return await vfs.read(fh, at, pieceBytes);
    } catch (error) {
      if (fsErrorCode(error) !== 'ESTALE') throw error;
      // The rest would be looked for in vain as well.
      wholly = false;
    }
    const { bytes, missing } = await vfs.readLocal(fh, at, pieceBytes);
    onMissing(missing);
    return bytes;
  };
  for (let at = 0; ; ) {
    const bytes = await read(at);
    if (bytes.length === 0) return;
    yield bytes;
    at += bytes.length;
  }
}

function getFailed({ nodes }: Session, id: string): NodeRow {
  const row = nodes.get(Number(id));
  if (row === undefined || row.failure === null) throw new DriveError('notFound', { path: id });
  return row;
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
