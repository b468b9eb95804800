import type { TransferKind, TransferState } from '../protocol/state.ts';
import { getLocalPath } from '../writeback/paths.ts';
import type { PushKind } from '../writeback/planner.ts';
import type { Session } from './session.ts';

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

/** Running first, then failed, then queued. */
export function transferStates({ nodes, pusher, jobs }: Session): TransferState[] {
  const running = pusher.getRunning().map(({ ino, kind, path, done, total }): TransferState => {
    return { id: String(ino), kind: kinds[kind], status: 'running', path, bytesDone: done, bytesTotal: total };
  });
  const busy = new Set(running.map(({ id }) => id));
  const waiting = nodes.getPending(0, maxRows).filter(({ ino }) => !busy.has(String(ino)));
  const others = waiting.map((row): TransferState => {
    const kind = row.parent === null ? 'delete' : row.kind !== 'file' ? 'createFolder' : 'upload';
    const path = getLocalPath(nodes, row.ino) ?? row.name;
    const status = row.failure === null ? 'queued' : 'failed';
    const reason = row.failure === null ? {} : { reason: row.failure };
    return { id: String(row.ino), kind, status, path, bytesDone: 0, bytesTotal: row.size, ...reason };
  });
  const failedFirst = others.sort((a, b) => Number(b.status === 'failed') - Number(a.status === 'failed'));
  const copying = jobs.getRunning().map(({ id, kind, path, done, total }): TransferState => {
    return { id, kind, status: 'running', path, bytesDone: done, bytesTotal: total };
  });
  return [...copying, ...running, ...failedFirst].slice(0, maxRows);
}
