import { posix } from 'node:path';
import { nameKey } from '../../base/nameKey.ts';
import { DriveError } from '../../protocol/errors.ts';
import type { MountState } from '../../protocol/state.ts';
import type { Place } from '../../store/nodeRow.ts';
import { type NodeRow, rootIno } from '../../store/nodeRow.ts';
import type { TreeChange } from '../../sync/pull/mergeResult.ts';
import { getWirePath } from '../../sync/tree/paths.ts';
import type { WirePath } from '../../sync/tree/remote.ts';
import { splitPath } from '../../vfs/names.ts';
import type { Session } from '../session.ts';
import { toDriveErrorData } from '../windows/rpcErrors.ts';

/** What the file requests of one session work with. */
export interface FilesContext {
  readonly session: Session;
  readonly getMounts: () => readonly MountState[];
  /** Resolves when programs on the mounts see all that changed so far, or after a moment. */
  readonly mountsTold: () => Promise<void>;
}

/** Runs `work`; a failure says which path it is about. Rejects with DriveError. */
export async function about<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code, args } = toDriveErrorData(error);
    throw new DriveError(code, { path, ...args }, { cause: error });
  }
}

export function find({ session }: FilesContext, path: string): Promise<NodeRow> {
  return session.vfs.resolve(rootIno, splitPath(path));
}

/** The node of a path that may not exist; undefined then. */
export async function tryFind(context: FilesContext, path: string): Promise<NodeRow | undefined> {
  try {
    return await find(context, path);
  } catch (error) {
    if (toDriveErrorData(error).code === 'notFound') return undefined;
    throw error;
  }
}

/** A chain of links longer than this goes round in a circle. */
const longestChain = 40;

/** What a path stands for once links in its last part are followed. `notFound` where one leads out of the account. */
export async function followLinks(context: FilesContext, path: string): Promise<string> {
  const { vfs } = context.session;
  let at = path;
  for (let steps = 0; steps < longestChain; steps += 1) {
    const row = await tryFind(context, at);
    if (row === undefined || !vfs.isLink(row)) return at;
    const target = await vfs.readlink(row.ino);
    if (target.startsWith('/')) break;
    at = posix.resolve('/', posix.dirname(at), target);
  }
  throw new DriveError('notFound', { path });
}

/** The folder and name that a path stands for; the folder must exist. `notChangeable` for the root. */
export async function locate(context: FilesContext, path: string): Promise<Place> {
  const names = splitPath(path);
  const name = names.pop();
  if (name === undefined) throw new DriveError('notChangeable', { path });
  const folder = await context.session.vfs.resolve(rootIno, names);
  return { parent: folder.ino, name };
}

/** Path in the account, without doubled or closing slashes. */
export function toPath(names: readonly string[]): string {
  return `/${names.join('/')}`;
}

export function joinPath(folder: string, name: string): string {
  return toPath([...splitPath(folder), name]);
}

/** Throws `readOnly` below a read-only mount. */
export function checkWritable(context: FilesContext, path: string): void {
  if (isReadOnly(context.getMounts(), path)) throw new DriveError('readOnly', { path });
}

/** Is the closest mount that shows the path read-only? Without one that shows it, nothing is. */
export function isReadOnly(mounts: readonly MountState[], path: string): boolean {
  const covering = mounts.filter(({ source }) => isWithin(path, source));
  const depth = Math.max(...covering.map(({ source }) => splitPath(source).length));
  const closest = covering.filter(({ source }) => splitPath(source).length === depth);
  return closest.length > 0 && closest.every(({ readOnly }) => readOnly);
}

function isWithin(path: string, folder: string): boolean {
  const [inner, outer] = [path, folder].map((text) => splitPath(nameKey(text)));
  return outer?.every((name, index) => inner?.[index] === name) ?? false;
}

/** Where the server holds a node. `pendingUploads` while it does not. */
export function getServerPath({ session }: FilesContext, row: NodeRow, path: string): WirePath {
  const wire = getWirePath(session.nodes, row.ino);
  const sent = row.kind !== 'file' || (row.synced !== null && row.synced.md5 !== null);
  if (wire === undefined || !sent) throw new DriveError('pendingUploads', { path });
  return wire;
}

/** Tells the mounts, and waits for them: the kernel keeps what it was told until then. */
export async function noteChanged(
  { session, mountsTold }: FilesContext,
  ...changes: readonly TreeChange[]
): Promise<void> {
  session.treeChanged.emit(changes);
  await mountsTold();
}

/** Runs what gives a name something, and tells the mounts. */
export async function noting<R>(context: FilesContext, { parent, name }: Place, put: () => Promise<R>): Promise<R> {
  const came = context.session.vfs.getShownChild(parent, name) === undefined;
  const result = await put();
  await noteChanged(context, { parent, name, came });
  return result;
}
