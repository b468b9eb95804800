import type { Context } from './context.ts';
import { noSuchFile, ServiceError } from './errors.ts';
import type { FileNode, Revision } from './model.ts';
import type { Reply } from './reply.ts';
import { pathOf } from './tree.ts';

/**
 * `GET <file>?mode=bin[&revision=N]` (PROTOCOL.md §2.7): 200, or 206 for a Range. Throws 404 for an unfinished file or an
 * unknown revision, 416 for a range past the end or reversed. Trashed files still have their content.
 */
export function download(context: Context, file: FileNode, revision: string | null, range: string | undefined): Reply {
  const wanted = revision === null ? file.current : completed(file).find(({ number }) => String(number) === revision);
  if (!wanted) throw noSuchFile(pathOf(context.account, file));
  const { size, md5, mime } = wanted;
  const part = parseRange(range, size, context.quirks.emptyRange === '200');
  const headers: Record<string, string> = { 'content-type': mime, 'accept-ranges': 'bytes' };
  if (part) headers['content-range'] = `bytes ${part.start}-${part.end - 1}/${size}`;
  const { start, end } = part ?? { start: 0, end: size };
  return { status: part ? 206 : 200, headers, body: context.blobs.open(md5, start, end), length: end - start };
}

function completed(file: FileNode): Revision[] {
  const all = file.current ? [file.current, ...file.older] : file.older;
  return all.filter(({ state }) => state === 'COMPLETED');
}

function parseRange(
  range: string | undefined,
  size: number,
  emptyAllowed: boolean,
): { start: number; end: number } | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(range ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return undefined;
  if (size === 0 && emptyAllowed) return undefined;
  const [, first = '', last = ''] = match;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size : Math.min(size, Number(last) + 1);
  if (start >= size || end <= start) {
    throw new ServiceError(416, 'RequestedRangeNotSatisfiedException', `Range ${range} of ${size} bytes`);
  }
  return { start, end };
}
