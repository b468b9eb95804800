import { createWriteStream } from 'node:fs';
import { lstat, unlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { isAbsolute } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { NodeRow } from '../cache/nodeRow.ts';
import { DriveError } from '../protocol/errors.ts';
import { getLocalPath } from '../writeback/paths.ts';
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
export async function exportFailed(context: FilesContext, id: string, to: string): Promise<void> {
  const { session } = context;
  const row = getFailed(session, id);
  if (row.kind !== 'file') throw new DriveError('isFolder', { path: getLocalPath(session.nodes, row.ino) ?? row.name });
  if (!isAbsolute(to)) throw new DriveError('invalidName', { name: to });
  const target = await resolveLocal(to, context.getMounts());
  if (target.kind === 'mounted') throw new DriveError('mountPointReserved', { path: to });
  if (await exists(target.path)) throw new DriveError('alreadyExists', { path: to });
  await copyOut(session, row, target.path);
}

async function copyOut({ vfs }: Session, row: NodeRow, path: string): Promise<void> {
  const fh = await vfs.open(row.ino, { writing: false, append: false, truncate: false });
  const output = createWriteStream(path, { flags: 'wx', mode: 0o600, flush: true });
  let made = false;
  output.once('open', () => {
    made = true;
  });
  try {
    await pipeline(async function* () {
      for (let at = 0; ; ) {
        const bytes = await vfs.read(fh, at, pieceBytes);
        if (bytes.length === 0) return;
        yield bytes;
        at += bytes.length;
      }
    }, output);
  } catch (error) {
    if (made) await unlink(path).catch(() => undefined);
    throw error;
  } finally {
    await vfs.release(fh);
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
