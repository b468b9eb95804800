import { newReadahead } from '../../content/readahead.ts';
import type { JottaFile } from '../../jottacloud/types.ts';
import { DriveError } from '../../protocol/errors.ts';
import {
  type FileChunk,
  type ReadFileParams,
  type RevisionInfo,
  type RevisionParams,
  readChunkBytes,
} from '../../protocol/fileMessages.ts';
import type { NodeRow } from '../../store/nodeRow.ts';
import type { WirePath } from '../../sync/tree/remote.ts';
import { checkWritable, type FilesContext, find, getServerPath, locate } from './context.ts';
import { shareContent } from './fill.ts';

export async function listRevisions(context: FilesContext, path: string, signal: AbortSignal): Promise<RevisionInfo[]> {
  const { revisions } = await fetchRevisions(context, path, signal);
  return revisions.map(({ revision, modified, size }, index) => {
    return { revision, modifiedMs: modified * 1000, size, current: index === 0 };
  });
}

/** Bytes of one revision; once read they are in the cache as any other content. */
export async function readRevision(
  context: FilesContext,
  params: ReadFileParams & RevisionParams,
  signal: AbortSignal,
): Promise<FileChunk> {
  const { reader, nodes } = context.session;
  const { file, wire } = await fetchRevision(context, params, signal);
  nodes.facts.setFormerPlace(file.md5, { path: wire });
  const end = params.offset + Math.min(params.length, readChunkBytes);
  const bytes = await reader.read({ md5: file.md5, size: file.size }, params.offset, end, newReadahead());
  return { content: bytes.toString('base64'), size: file.size, version: file.md5 };
}

/** A change like any other: local at once, then uploaded, which moves no bytes since the server has them. */
export async function restoreRevision(
  context: FilesContext,
  params: RevisionParams,
  signal: AbortSignal,
): Promise<void> {
  const { path } = params;
  checkWritable(context, path);
  const { nodes, activity } = context.session;
  const { file, row, wire } = await fetchRevision(context, params, signal);
  const place = await locate(context, path);
  // Look again: it may have been saved while the server was asked.
  const now = nodes.get(row.ino);
  const isSent = now?.synced != null && now.staging === null && now.md5 === now.synced.md5;
  if (!isSent || activity.isUnflushed(row.ino)) throw new DriveError('pendingUploads', { path });
  // Until the change is pushed, this is where its bytes are.
  nodes.facts.setFormerPlace(file.md5, { path: wire });
  await shareContent(context, place, { md5: file.md5, size: file.size }, { create: false, overwrite: true });
}

async function fetchRevision(
  context: FilesContext,
  { path, revision }: RevisionParams,
  signal: AbortSignal,
): Promise<{ file: JottaFile; row: NodeRow; wire: WirePath }> {
  const { revisions, row, wire } = await fetchRevisions(context, path, signal);
  const file = revisions.find((candidate) => candidate.revision === revision);
  if (file === undefined) throw new DriveError('notFound', { path });
  return { file, row, wire };
}

async function fetchRevisions(context: FilesContext, path: string, signal: AbortSignal) {
  const row = await find(context, path);
  if (row.kind !== 'file') throw new DriveError('isFolder', { path });
  const wire = getServerPath(context, row, path);
  return { revisions: await context.session.client.fetchRevisions(wire, signal), row, wire };
}
