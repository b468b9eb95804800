import { nameKey } from '../../base/nameKey.ts';
import { decodeName } from '../../jottacloud/names.ts';
import type { DriveErrorCode } from '../../protocol/errors.ts';
import type { EntryInfo, PinState, SyncState } from '../../protocol/state.ts';
import type { Ino, NodeRow } from '../../store/nodeRow.ts';
import { isContainer, rootIno } from '../../store/nodeRow.ts';
import { getWirePath } from '../../sync/tree/paths.ts';
import { splitPath } from '../../vfs/names.ts';
import type { Session } from '../session.ts';
import { toDriveErrorData } from '../windows/rpcErrors.ts';
import { type FilesContext, find, isReadOnly, joinPath, toPath } from './context.ts';

/** What a version that was set aside is called (sync/tree/conflicts.ts). */
const conflictName = / \(conflicted copy .*\)/;

/** Entries of one folder. `refresh` asks the server first, where the folder is known already. */
export async function list(context: FilesContext, path: string, refresh: boolean): Promise<EntryInfo[]> {
  const { session } = context;
  const folder = await find(context, path);
  if (refresh && folder.listedAt !== null) await session.folders.refresh(folder.ino);
  const children = await session.vfs.readdir(folder.ino);
  const describe = createDescriber(context);
  const base = joinPath(path, '');
  return children.filter(({ row }) => !row.localOnly).map(({ name, row }) => describe(row, base + name, name));
}

export async function stat(context: FilesContext, path: string): Promise<EntryInfo> {
  const row = await find(context, path);
  const names = splitPath(path);
  const name = row.ino === rootIno ? '' : context.session.vfs.getShownName(row);
  return createDescriber(context)(row, toPath([...names.slice(0, -1), ...(name === '' ? [] : [name])]), name);
}

/** Only from what is known: never asks the server, never counts as a use. */
export function lookup(context: FilesContext, paths: readonly string[]): (EntryInfo | null)[] {
  const describe = createDescriber(context);
  return paths.map((path) => {
    const row = findKnown(context.session, path);
    return row === undefined ? null : describe(row, path, context.session.vfs.getShownName(row));
  });
}

function findKnown({ nodes, vfs }: Session, path: string): NodeRow | undefined {
  let row = nodes.get(rootIno);
  for (const name of splitPath(path)) {
    if (row === undefined || row.kind === 'file') return undefined;
    row = vfs.getShownChild(row.ino, name);
  }
  return row;
}

/** What holds for all entries of one answer is looked up once. */
function createDescriber({ session, getMounts }: FilesContext) {
  const running = new Set(session.pusher.getRunning().map(({ ino }) => ino));
  const mounts = getMounts();
  const hasReadOnly = mounts.some(({ readOnly }) => readOnly);
  const pins = session.pins.getAll();
  const pinnedAbove = new Map<Ino, boolean>();
  return (row: NodeRow, path: string, name: string): EntryInfo => {
    const attr = session.vfs.getAttr(row.ino);
    const isFile = row.kind === 'file';
    const unanswered = isFile ? getUnreachable(session, row) : getUnanswered(session, row);
    const serverName = getServerName(row);
    return {
      name,
      path,
      kind: row.kind === 'root' ? 'folder' : row.kind,
      size: attr.size,
      modifiedMs: isFile ? attr.mtime.sec * 1000 + Math.floor(attr.mtime.nsec / 1e6) : 0,
      sync: getSync(session, row, running),
      pin: pins.size > 0 ? getPin(session, row, pins, pinnedAbove) : 'none',
      link: attr.kind === 'link',
      ...(row.synced?.revision == null ? {} : { revision: row.synced.revision }),
      ...(serverName === undefined ? {} : { serverName }),
      ...(row.unusable === 0 ? {} : { unusable: row.unusable }),
      ...(unanswered === undefined ? {} : { unanswered }),
      readOnly:
        row.kind === 'root' ||
        row.kind === 'device' ||
        (hasReadOnly && isReadOnly(mounts, path)) ||
        session.vfs.isReadOnly(row.ino),
    };
  };
}

/** Its name there, where that is not the one here: too long for a folder, another's but for its case, or refused by the server. */
function getServerName({ name, synced }: NodeRow): string | undefined {
  if (synced === null || synced.name !== name || synced.wire === name) return undefined;
  const theirs = decodeName(synced.wire);
  return nameKey(theirs) === nameKey(name) ? undefined : theirs;
}

function getUnanswered({ poller }: Session, { ino }: NodeRow): DriveErrorCode | undefined {
  const failure = poller.getFailure(ino);
  return failure === undefined ? undefined : toDriveErrorData(failure).code;
}

function getUnreachable({ client, nodes }: Session, { ino }: NodeRow): DriveErrorCode | undefined {
  if (!client.meetsUnreachable) return undefined;
  const path = getWirePath(nodes, ino);
  return path !== undefined && client.isUnreachable(path) ? 'unreachableName' : undefined;
}

function getSync(session: Session, row: NodeRow, running: ReadonlySet<Ino>): SyncState {
  if (row.failure !== null) return 'failed';
  if (running.has(row.ino)) return 'uploading';
  if (conflictName.test(row.name)) return 'conflicted';
  if (row.ino === rootIno) return 'cloud';
  if (row.synced === null || row.staging !== null) return 'pending';
  if (isContainer(row) || row.md5 === null) return 'cloud';
  return session.reader.isLocal({ md5: row.md5, size: row.size }) ? 'cached' : 'cloud';
}

function getPin({ nodes }: Session, row: NodeRow, pins: ReadonlySet<Ino>, known: Map<Ino, boolean>): PinState {
  if (pins.has(row.ino)) return 'own';
  const isCovered = (ino: Ino | null): boolean => {
    if (ino === null) return false;
    const before = known.get(ino);
    if (before !== undefined) return before;
    const covered = pins.has(ino) || isCovered(nodes.get(ino)?.parent ?? null);
    known.set(ino, covered);
    return covered;
  };
  return isCovered(row.parent) ? 'inherited' : 'none';
}
