import { setFileTimes } from './commands.ts';
import { withDeadline } from './deadline.ts';
import { isJottaError, JottaError } from './errors.ts';
import { type Found, look, xmlOf } from './listings.ts';
import { isDeleted, parseRevisions } from './parseFile.ts';
import { backOff, mayRepeat } from './retry.ts';
import { postOnce, type Service, urlOf } from './service.ts';
import type { RemotePath } from './types.ts';
import { checkPath, targetQuery } from './urls.ts';
import type { XmlElement } from './xml.ts';

/**
 * Moves or renames. The destination's parent should exist. What the server does with a taken destination is unknown, so
 * it is looked at first: JottaError 'conflict' if it is taken, 'notFound' if there is no source of that kind. A move that
 * had already happened is a success: the source is gone and the destination is there.
 *
 * A 5xx, a 404 or a cut connection may hide a move that was done (jottacloud-protocol.md §2.3, rc#4295): then both ends
 * are looked at, and the command is sent again only when it provably was not done. A failure to look throws the error
 * that made it necessary, which is retryable.
 */
export function moveFile(service: Service, from: RemotePath, to: RemotePath, signal: AbortSignal): Promise<void> {
  return move(service, 'file', from, to, signal);
}

export function moveFolder(service: Service, from: RemotePath, to: RemotePath, signal: AbortSignal): Promise<void> {
  return move(service, 'folder', from, to, signal);
}

/** `todo`: only the source is there. */
type Ends = 'todo' | 'done' | 'taken' | 'gone';

async function move(
  service: Service,
  kind: 'file' | 'folder',
  from: RemotePath,
  to: RemotePath,
  caller: AbortSignal,
): Promise<void> {
  checkPath(from, 3);
  checkPath(to, 3);
  if (from.join('/') === to.join('/')) return;
  await withDeadline(caller, service.http.limits.commandMs, async (signal) => {
    let ends = await lookAtEnds(service, kind, from, to, signal);
    for (let tried = 1; ends === 'todo'; tried += 1) {
      const failure = await tryMove(service, kind, from, to, signal);
      if (failure === undefined) return;
      ends = await settle(service, kind, from, to, failure, signal);
      if (ends !== 'todo') break;
      if (!mayRepeat(failure) || tried >= service.http.limits.tries) throw failure;
      await backOff(service.retry, tried, signal, failure);
    }
    if (ends === 'taken') throw new JottaError('conflict', 'the destination of a move is taken');
    if (ends === 'gone') throw new JottaError('notFound', `there is no such ${kind} to move`);
  });
}

/** Sends the command once. Returns a failure that leaves the outcome open; throws one that does not. */
async function tryMove(
  service: Service,
  kind: 'file' | 'folder',
  from: RemotePath,
  to: RemotePath,
  signal: AbortSignal,
): Promise<JottaError | undefined> {
  // rclone ends the source of mvDir with a slash (§2.3); it is the form proven in use.
  const slash = kind === 'folder' ? '/' : '';
  const query = targetQuery(kind === 'folder' ? 'mvDir' : 'mv', service.tokens.username, to);
  try {
    const root = await postOnce(service, { url: urlOf(service, from, `${slash}${query}`) }, xmlOf(service), signal);
    if (root.name === 'file' && isDeleted(root)) await untrash(service, to, root, signal);
    return undefined;
  } catch (error) {
    const open = isJottaError(error) && (mayRepeat(error) || error.kind === 'notFound' || error.kind === 'protocol');
    if (!open || signal.aborted) throw error;
    return error;
  }
}

/** A file moved onto a trashed name may stay in the trash, as copies do (§2.3, rc#6112). */
async function untrash(service: Service, path: RemotePath, root: XmlElement, signal: AbortSignal): Promise<void> {
  const [newest] = parseRevisions(root, service.http.log);
  if (newest === undefined) throw new JottaError('protocol', 'a moved file came back without content');
  service.http.log.info('a moved file is taken out of the trash');
  await setFileTimes(service, path, newest, signal);
}

async function settle(
  service: Service,
  kind: 'file' | 'folder',
  from: RemotePath,
  to: RemotePath,
  failure: JottaError,
  signal: AbortSignal,
): Promise<Ends> {
  try {
    return await lookAtEnds(service, kind, from, to, signal);
  } catch (error) {
    service.http.log.warn('a move with unknown outcome could not be looked at', { error });
    throw failure;
  }
}

async function lookAtEnds(
  service: Service,
  kind: 'file' | 'folder',
  from: RemotePath,
  to: RemotePath,
  signal: AbortSignal,
): Promise<Ends> {
  const [source, target] = await Promise.all([look(service, from, signal), look(service, to, signal)]);
  if (isSameItem(from, to)) {
    // Only the case changes: both paths find the one item, and its stored spelling tells (§5).
    if (target.kind !== kind) return 'gone';
    return target.name === to.at(-1) ? 'done' : 'todo';
  }
  if (source.kind === kind) return isTaken(target) ? 'taken' : 'todo';
  return target.kind === kind ? 'done' : 'gone';
}

/** An unfinished upload at the destination is no content to protect. */
function isTaken(target: Found): boolean {
  if (target.kind !== 'file') return target.kind === 'folder';
  return target.root.children.some((child) => child.name === 'currentRevision');
}

function isSameItem(from: RemotePath, to: RemotePath): boolean {
  return from.join('/').toLowerCase() === to.join('/').toLowerCase();
}
