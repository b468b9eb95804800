import { isJottaError, JottaError, type JottaErrorKind } from '../errors.ts';
import { addressOf, except, type Service, sendAuthorized } from '../service.ts';
import { parseTime } from '../times.ts';
import { chunksOf } from '../transport/body.ts';
import { withRetry } from '../transport/retry.ts';
import { isSameName, otherAnswer } from '../transport/roots.ts';
import type { JottaPath, StreamedEntry } from '../types.ts';
import { checkPath, isUsableName } from '../urls.ts';
import { fetchFolder } from './listings.ts';
import { parseContent, parseSize } from './parseFile.ts';
import { parseXml, textOf, type XmlElement } from './xml.ts';

/** Errors of a recursive listing that the service does not give, or does not give whole. */
const refusals: readonly JottaErrorKind[] = [
  'protocol',
  'unreachableName',
  'forbidden',
  'notFound',
  'server',
  'incomplete',
];

/**
 * Everything live and complete below a folder, the folder itself included, and what is live and cannot be used. Entries come as
 * they arrive; only when the iteration ends without error were they all, and true. In one request; where that is refused, folder
 * by folder. One that begins and does not come whole fails, since what has come cannot be taken back: the next call goes folder
 * by folder. JottaError 'notFound'.
 */
export async function* liststream(
  service: Service,
  path: JottaPath,
  signal: AbortSignal,
): AsyncGenerator<StreamedEntry, void, undefined> {
  checkPath(path, 2);
  const { habits } = service;
  if (habits.lacks('recursiveListings')) {
    yield* walk(service, path, signal);
    return;
  }
  let hasBegun = false;
  let refused: JottaError;
  try {
    for await (const entry of stream(service, path, signal)) {
      hasBegun = true;
      yield entry;
    }
    habits.note('recursiveListings', true);
    return;
  } catch (error) {
    if (!isJottaError(error) || !refusals.includes(error.kind) || signal.aborted) throw error;
    if (hasBegun) habits.note('recursiveListings', false);
    if (hasBegun) throw error;
    refused = error;
  }
  try {
    yield* walk(service, path, signal);
  } catch (error) {
    throw signal.aborted ? error : refused;
  }
  // After a failure that may pass, the recursive listing is tried again the next time.
  if (!refused.retryable) habits.note('recursiveListings', false);
}

/** The whole tree by one listing of each folder. */
async function* walk(
  service: Service,
  path: JottaPath,
  signal: AbortSignal,
): AsyncGenerator<StreamedEntry, void, undefined> {
  const end = performance.now() + service.http.limits.listStreamMs;
  const folders = [path];
  for (const folder of folders) {
    if (performance.now() > end || folders.length > maxFolders)
      throw new JottaError('timeout', 'the listing folder by folder does not end');
    const listing = fetchFolder(service, folder, signal);
    // A folder that went meanwhile is left out; that the top is missing is an error.
    const entries = folder === path ? await listing : await except('notFound', () => listing, undefined);
    if (entries === undefined) continue;
    // Streamed paths begin at the mountpoint, without the device.
    const at = folder.slice(1);
    yield { kind: 'folder', path: at };
    for (const entry of entries) {
      if (entry.kind === 'folder') folders.push([...folder, entry.name]);
      else if (entry.kind === 'unusable') yield { kind: 'unusable', path: [...at, entry.name] };
      else {
        const { name, md5, size, modified, created } = entry;
        yield { kind: 'file', path: [...at, name], md5: md5.toLowerCase(), size, modified, created };
      }
    }
  }
}

/**
 * The same in one request (PROTOCOL.md §2.8). The counts in `<stats>` are compared, and a difference is JottaError 'incomplete'.
 * What is not below `path` is the answer to another request. Entries that cannot be used are logged; one whose folder is not told
 * counts as in `path` itself.
 */
async function* stream(
  service: Service,
  path: JottaPath,
  signal: AbortSignal,
): AsyncGenerator<StreamedEntry, void, undefined> {
  const { listingFirstByteMs, listStreamMs, patientIdleMs, maxXmlBytes } = service.http.limits;
  const end = performance.now() + listStreamMs;
  const address = addressOf(service, path, '?mode=liststream');
  const answer = await withRetry(service.retry, signal, () =>
    sendAuthorized(
      service,
      { method: 'GET', ...address, firstByteMs: listingFirstByteMs, direct: true, gzip: true },
      signal,
    ),
  );
  const count = new Counter();
  for await (const element of parseXml(until(end, chunksOf(answer, patientIdleMs)), maxXmlBytes, isRecord)) {
    count.add(element);
    if (element.name === 'stats') continue;
    const entry = parseStreamed(element, path);
    if (!isBelow(entry.path, path)) throw otherAnswer();
    if (entry.kind === 'unusable')
      service.http.log.warn('a streamed entry is left out: its name, size or md5 is unusable', { kind: element.name });
    yield entry;
  }
  count.check();
}

/** Looked at with every chunk: silence between two is limited already. */
async function* until(end: number, chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
  for await (const chunk of chunks) {
    if (performance.now() > end) throw new JottaError('timeout', 'the recursive listing does not end');
    yield chunk;
  }
}

/** Streamed paths begin at the mountpoint, `folder` at the device. */
function isBelow(path: JottaPath, folder: JottaPath): boolean {
  return folder.slice(1).every((name, depth) => isSameName(path[depth] ?? '/', name));
}

/**
 * Only these matter, at any depth; `folder` and `file` may wrap more than they did when this was written. Another document than
 * a recursive listing is what a service answers that does not know the mode: JottaError 'protocol'.
 */
function isRecord(name: string, path: readonly string[]): boolean {
  if (path.length === 0 && name !== 'liststream')
    throw new JottaError('protocol', 'the answer is no recursive listing');
  if (path.length === 0) return false;
  return name === 'folder' || name === 'file' || (name === 'stats' && !path.includes('file'));
}

function parseStreamed(element: XmlElement, folder: JottaPath): StreamedEntry {
  const names = (textOf(element, 'path') ?? '').split('/').slice(1);
  if (names.length === 0 || !names.every(isUsableName)) return { kind: 'unusable', path: [...folder.slice(1), ''] };
  if (element.name === 'folder') return { kind: 'folder', path: names };
  const name = textOf(element, 'filename') ?? '';
  const content = parseContent(element);
  if (!isUsableName(name)) return { kind: 'unusable', path: [...names, ''] };
  if (content === undefined) return { kind: 'unusable', path: [...names, name] };
  return {
    kind: 'file',
    path: [...names, name],
    ...content,
    modified: parseTime(textOf(element, 'modified')),
    created: parseTime(textOf(element, 'created')),
  };
}

/** Folders whose paths are remembered for the count: about 100 MB of memory. */
const maxFolders = 1_000_000;

/** rclone's rule: a folder counts when it is listed, or when a file names it before it is listed (§2.8). */
class Counter {
  readonly #folders = new Set<string>();
  #listed = 0;
  #files = 0;
  #stats: { folders: number | undefined; files: number | undefined } | undefined;

  add(element: XmlElement): void {
    if (element.name === 'stats') {
      this.#stats = { folders: parseSize(textOf(element, 'folders')), files: parseSize(textOf(element, 'files')) };
      return;
    }
    if (element.name === 'file') this.#files += 1;
    const path = textOf(element, 'path') ?? '';
    if (element.name === 'folder' || !this.#folders.has(path)) this.#listed += 1;
    this.#folders.add(path);
    if (this.#folders.size > maxFolders) throw new JottaError('protocol', 'a recursive listing has too many folders');
  }

  check(): void {
    const { folders, files } = this.#stats ?? {};
    if (folders === this.#listed && files === this.#files) return;
    throw new JottaError(
      'incomplete',
      `a recursive listing has ${this.#listed} folders and ${this.#files} files, not ${folders} and ${files}`,
    );
  }
}
