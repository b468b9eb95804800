import type { Ino } from '../../store/nodeRow.ts';
import type { Nodes } from '../../store/nodes.ts';
import type { TreeChange } from '../pull/mergeResult.ts';
import { type ConflictNames, conflictName } from '../tree/conflicts.ts';
import { writebackLimits } from '../tree/limits.ts';
import { defaultFileMode } from '../tree/modes.ts';
import { noteFormerPlace } from '../tree/paths.ts';
import type { Remote, RemoteFile, WirePath } from '../tree/remote.ts';

export interface CreationDeps {
  readonly nodes: Nodes;
  readonly remote: Remote;
  readonly names: () => ConflictNames;
  /** A conflict copy was made; both sides' names. */
  readonly onConflict: (original: TreeChange, copy: TreeChange) => void;
}

/**
 * Before a file of `size` bytes is created: false when a live one is there already. The server may refuse that itself, but
 * only when the upload begins: one may come while a large file is sent.
 */
export async function beginCreation(
  { remote, nodes }: CreationDeps,
  ino: Ino,
  path: WirePath,
  size: number,
  signal: AbortSignal,
): Promise<boolean> {
  nodes.facts.setRevisionBefore(ino, undefined);
  if (isCovered(remote, size)) return true;
  const { isLive, revisions } = await remote.fetchHistory(path, signal);
  if (isLive) return false;
  nodes.facts.setRevisionBefore(ino, revisions[0]?.revision ?? 0);
  return true;
}

/**
 * After a file was created with `md5`: what it was created over, if that came there since `beginCreation`. `sent` are the
 * contents of earlier tries.
 */
export async function findOverwritten(
  { remote, nodes }: CreationDeps,
  ino: Ino,
  path: WirePath,
  file: { readonly md5: string; readonly size: number; readonly mtime: number },
  sent: readonly string[],
  signal: AbortSignal,
): Promise<RemoteFile | undefined> {
  const before = nodes.facts.getRevisionBefore(ino);
  if (before === undefined) return undefined;
  // One more of the same content is harmless, and tells for all that follow.
  await remote.tryRefusal(path, file, signal);
  if (isCovered(remote, file.size)) return undefined;
  const { revisions } = await remote.fetchHistory(path, signal);
  const ours = revisions.findIndex(({ md5 }) => md5 === file.md5);
  return revisions
    .slice(ours + 1)
    .find(({ md5, revision }) => revision > before && md5 !== file.md5 && !sent.includes(md5));
}

/** A small file is sent in no time, so the server's refusal at the allocation is enough. */
function isCovered(remote: Remote, size: number): boolean {
  return remote.refusesTaken() === true && size < writebackLimits.watchedBytes;
}

/** A version that a created file was put over gets a place of its own beside it. Part of the caller's transaction. */
export function keepOverwritten({ nodes, names, onConflict }: CreationDeps, ino: Ino, theirs: RemoteFile): void {
  const row = nodes.get(ino);
  if (row === undefined || row.synced === null) return;
  const parent = row.parent ?? row.synced.parent;
  // An older revision of the very file: where its bytes are until the copy is pushed.
  noteFormerPlace(nodes, { ...row.synced, md5: theirs.md5 });
  const name = conflictName(nodes, parent, row.synced.name, names());
  nodes.insert({
    kind: 'file',
    parent,
    name,
    size: theirs.size,
    mtime: { sec: theirs.mtime, nsec: 0 },
    ctimeMs: theirs.mtime * 1000,
    mode: defaultFileMode,
    md5: theirs.md5,
    localOnly: false,
    synced: null,
  });
  onConflict({ parent, name: row.name }, { parent, name });
}
