import type { Context } from './context.ts';
import { noSuchFile, PlainError, ServiceError } from './errors.ts';
import type { FileNode, Revision } from './model.ts';
import type { Reply } from './reply.ts';
import { pathOf } from './tree.ts';

/**
 * `GET <file>?mode=bin[&revision=N]` (PROTOCOL.md §2.7): 200, or 206 for a Range. Throws 404 for an unfinished file or an
 * unknown revision, 416 for a range past the end or reversed, and what the quirk `pinnedRange` says. Trashed files still have
 * their content.
 */
export function download(context: Context, file: FileNode, revision: string | null, asked: string | undefined): Reply {
  const range = rangeToServe(context, file, revision, asked);
  const isNewest = revision === null || (range !== undefined && context.quirks.pinnedRange === 'newest');
  const wanted = isNewest ? file.current : completed(file).find(({ number }) => String(number) === revision);
  if (!wanted) throw noSuchFile(pathOf(context.account, file));
  const { size, md5, mime } = wanted;
  const part = parseRange(range, size, size === 0 && context.quirks.emptyRange === '200');
  const headers: Record<string, string> = { 'content-type': mime, 'accept-ranges': 'bytes' };
  if (part) headers['content-range'] = `bytes ${part.start}-${part.end - 1}/${size}`;
  const { start, end } = part ?? { start: 0, end: size };
  return { status: part ? 206 : 200, headers, body: context.blobs.open(md5, start, end), length: end - start };
}

/** The Range as far as the quirks let it count. */
function rangeToServe(
  { account, quirks }: Context,
  file: FileNode,
  revision: string | null,
  asked: string | undefined,
): string | undefined {
  if (asked === undefined) return undefined;
  const isIgnored = quirks.range === 'ignored';
  if (revision === null || ['honoured', 'newest'].includes(quirks.pinnedRange)) return isIgnored ? undefined : asked;
  if (quirks.pinnedRange === '400') throw new PlainError(400, 'Bad request');
  if (quirks.pinnedRange === '404') throw noSuchFile(pathOf(account, file));
  if (quirks.pinnedRange === '500') throw new ServiceError(500, 'InternalServerErrorException', 'Internal error');
  return undefined;
}

function completed(file: FileNode): Revision[] {
  const all = file.current ? [file.current, ...file.older] : file.older;
  return all.filter(({ state }) => state === 'COMPLETED');
}

function parseRange(
  range: string | undefined,
  size: number,
  isWhole: boolean,
): { start: number; end: number } | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(range ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return undefined;
  if (isWhole) return undefined;
  const [, first = '', last = ''] = match;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size : Math.min(size, Number(last) + 1);
  if (start >= size || end <= start) {
    throw new ServiceError(416, 'RequestedRangeNotSatisfiedException', `Range ${range} of ${size} bytes`);
  }
  return { start, end };
}
