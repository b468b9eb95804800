import { ErrnoError } from '../base/errno.ts';
import { DriveError } from '../protocol/errors.ts';
import { type Ino, type NodeRow, rootIno } from '../store/nodeRow.ts';
import { splitPath } from '../vfs/names.ts';
import type { Session } from './session.ts';

/** The folder that is to be a volume. Rejects DriveError `sourceNotFound`, `offline`, `signedOut`. */
export async function findSource(session: Session, source: string): Promise<Ino> {
  try {
    const names = splitPath(source);
    const { folders, remote } = session;
    const wire = names.map((name) => remote.encodeName(name, undefined));
    const row = await folders.withEarlyAnswers(wire, () => resolveFresh(session, names));
    if (row.kind === 'file') throw new DriveError('sourceNotFound', { path: source });
    return row.ino;
  } catch (error) {
    if (!(error instanceof ErrnoError)) throw error;
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') {
      throw new DriveError('sourceNotFound', { path: source }, { cause: error });
    }
    throw new DriveError(error.code === 'EACCES' ? 'signedOut' : 'offline', {}, { cause: error });
  }
}

/** Another device may have made it since the folder was listed that lacks it: that one is asked for again, once. */
async function resolveFresh({ vfs, nodes, folders }: Session, names: readonly string[]): Promise<NodeRow> {
  try {
    return await vfs.resolve(rootIno, names);
  } catch (error) {
    if (!(error instanceof ErrnoError) || error.code !== 'ENOENT') throw error;
    let deepest = rootIno;
    for (const name of names) {
      const child = nodes.getChild(deepest, name);
      if (child === undefined) break;
      deepest = child.ino;
    }
    await folders.refresh(deepest).catch(() => Promise.reject(error));
    return vfs.resolve(rootIno, names);
  }
}
