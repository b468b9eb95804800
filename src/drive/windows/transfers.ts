import type { PastTransfer, TransferKind, TransferState } from '../../protocol/state.ts';
import type { PushKind } from '../../sync/plan/decide.ts';
import { getLocalPath } from '../../sync/tree/paths.ts';
import type { Session } from '../session.ts';

const kinds: Record<PushKind, TransferKind> = {
  upload: 'upload',
  createFolder: 'createFolder',
  moveFile: 'move',
  moveFolder: 'move',
  moveAside: 'move',
  trashFile: 'delete',
  trashFolder: 'delete',
  setTimes: 'setTimes',
};

/** Rows a view can show; the counts beside them tell the rest. */
const maxRows = 200;
/** Past transfers told at most: as many as are kept (store/history.ts). */
const maxPast = 1_000;

/** Running first, then failed, then queued. */
export function transferStates(session: Session): TransferState[] {
  const { nodes, pusher, jobs } = session;
  const running = pusher.getRunning().map(({ ino, kind, path, done, total }): TransferState => {
    return {
      id: String(ino),
      kind: kinds[kind as PushKind],
      status: 'running',
      path,
      bytesDone: done,
      bytesTotal: total,
      ...(kinds[kind as PushKind] === 'upload' && { canStop: true }),
    };
  });
  const busy = new Set(running.map(({ id }) => id));
  // Failed ones may be behind any number of others.
  const rows = [...nodes.getFailed(maxRows), ...nodes.getPending(0, maxRows).filter(({ failure }) => failure === null)];
  const waiting = rows.filter(({ ino }) => !busy.has(String(ino)));
  const others = waiting.map((row): TransferState => {
    const kind: TransferKind = row.parent === null ? 'delete' : row.kind !== 'file' ? 'createFolder' : 'upload';
    const path = getLocalPath(nodes, row.ino) ?? row.name;
    const common = { id: String(row.ino), kind, path, bytesDone: 0, bytesTotal: row.size };
    if (row.failure !== null) return { ...common, status: 'failed', reason: row.failure };
    const retryAt = pusher.getRetryAt(row.ino);
    const canStop = kind === 'upload' && { canStop: true as const };
    return { ...common, status: 'queued', ...canStop, ...(retryAt !== undefined && { retryAt }) };
  });
  const copying = jobs.getRunning().map(({ id, kind, path, done, total, canStop }): TransferState => {
    const common = { id, kind, status: 'running' as const, path, bytesDone: done, bytesTotal: total };
    return { ...common, ...(canStop && { canStop: true as const }) };
  });
  const reading = getReads(session, new Set(copying.map(({ path }) => path)));
  return [...copying, ...reading, ...running, ...others].slice(0, maxRows);
}

/** What programs wait for, but for what a row tells already. */
function getReads({ nodes, reads }: Session, told: ReadonlySet<string>): TransferState[] {
  return reads.getRunning().flatMap(({ md5, done, size }): TransferState[] => {
    const holder = nodes.getHolder(md5);
    const path = holder === undefined ? undefined : getLocalPath(nodes, holder.ino);
    if (path === undefined || told.has(path)) return [];
    return [{ id: `read${md5}`, kind: 'download', status: 'running', path, bytesDone: done, bytesTotal: size }];
  });
}

/** What ended lately, newest first. */
export function pastTransfers({ history }: Session, limit: number): PastTransfer[] {
  return history
    .list(Math.max(0, Math.min(limit, maxPast)))
    .map(({ kind, ...entry }) => ({ ...entry, kind: kinds[kind as PushKind] }));
}
