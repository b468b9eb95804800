import type { Change } from './content.ts';
import type { Outcome, Stage } from './stage.ts';
import { Violation } from './violation.ts';
import type { OperationName } from './worker.ts';

/** `fetch`: a request of a window that asks the server; its failure changes nothing here. */
export type Judged = OperationName | 'create' | 'put' | 'copy' | 'fetch';

/** Throws on an errno that nothing going on explains; `paths` are those it is about. */
export function judge(stage: Stage, outcome: Outcome<unknown>, name: Judged, paths: readonly string[]): void {
  const { code, disturbed, mayBeFull, cancelled } = outcome;
  if (code === undefined || disturbed || cancelled) return;
  const { model, weather } = stage;
  if (code === 'ENOSPC' && mayBeFull) return;
  // libfuse looks a new folder up, and the kernel says EIO when a file from elsewhere has its name by then.
  const isExplained = code !== 'EIO' || name === 'mkdir';
  if (isExplained && paths.some((each) => model.isDisputed(each))) return;
  const isBad = weather.faults || weather.outage || weather.signedOut || weather.killed;
  // A version may have been one of the oldest, or the file is not all on the server yet (SEMANTICS.md, "The virtual file system").
  if (name === 'fetch' && (isBad || ['ETIMEDOUT', 'ENOENT', 'pendingUploads'].includes(code))) return;
  const reads = name === 'read' || name === 'readFile' || name === 'copy';
  if (reads && code === 'ETIMEDOUT') return;
  if (reads && (weather.signedOut || weather.killed) && code === 'EACCES') return;
  if (reads && weather.faults && ['EACCES', 'EDQUOT', 'ESTALE'].includes(code)) return;
  if (reads && weather.corrupt && code === 'EIO') return;
  throw new Violation([`${name} ${paths[0]} answered ${code}; nothing going on explains that`]);
}

export function describe(bytes: Buffer): string {
  return `${bytes.length} bytes ${bytes.subarray(0, 8).toString('hex')}…${bytes.subarray(-4).toString('hex')}`;
}

export function describeChange(change: Change): string {
  if (change.kind === 'truncate') return `truncate to ${change.size}`;
  if (change.kind === 'replace') return `replace by ${describe(change.bytes)}`;
  return `write ${describe(change.bytes)} at ${change.position}`;
}
