import { asNewName } from '../doubtfulNames.ts';
import { isJottaError, isRefusal, JottaError, type JottaErrorKind } from '../errors.ts';
import { type Found, fetchFile, isTaken, look } from '../listing/listings.ts';
import { isDeleted, parseFile, parseFileEntry, parseRevisions } from '../listing/parseFile.ts';
import { addressOf, except, jsonOf, postOnce, type Service } from '../service.ts';
import { formatJfsTime, toKeptSeconds } from '../times.ts';
import { allocate } from '../transfer/allocate.ts';
import { withDeadline } from '../transport/deadline.ts';
import { withRetry } from '../transport/retry.ts';
import { otherAnswer, thingOf } from '../transport/roots.ts';
import type { FileStamp, JottaFile, JottaPath } from '../types.ts';
import { checkPath, targetQuery } from '../urls.ts';

/**
 * Creates the folder and its parents; fine when it exists (PROTOCOL.md §2.3 mkDir). JottaError 'forbidden' when
 * the server leaves it in the trash, which has one of that name: nothing there is destroyed to make room.
 */
export async function createFolder(service: Service, path: JottaPath, caller: AbortSignal): Promise<void> {
  checkPath(path, 3);
  const command = { ...addressOf(service, path, '?mkDir=true'), direct: true };
  await repeatLooking(service, caller, async (signal) => {
    const made = asNewName(service, path.at(-1) ?? '', () =>
      postOnce(service, command, thingOf(service, path), signal),
    );
    const root = await made.catch(async (error) => {
      if (isJottaError(error, 'invalidName') || !isRefusal(error)) throw error;
      // An earlier try may have made it, of which the answer was lost.
      if ((await look(service, path, signal)).kind !== 'folder') throw error;
    });
    if (root === undefined || root.name !== 'folder' || !isDeleted(root)) return;
    // The folder is in the trash, or this is a second copy of the answer to its removal.
    const found = await look(service, path, signal);
    if (found.kind === 'none' && found.tombstone !== undefined) {
      throw new JottaError('forbidden', 'the trash keeps that name');
    }
    if (found.kind !== 'folder') throw otherAnswer();
  });
}

/**
 * Sends a file to the trash; fine when nothing is there. Looks first, because `dl` on a folder makes it vanish for good
 * (PROTOCOL.md §2.3 "wrong kind"): JottaError 'conflict' when the path has become a folder. After an unknown
 * outcome it looks again, and leaves alone what came to the path meanwhile.
 */
export async function trashFile(service: Service, path: JottaPath, caller: AbortSignal): Promise<void> {
  checkPath(path, 3);
  let first: JottaFile | undefined;
  await repeatLooking(service, caller, async (signal) => {
    let found = await look(service, path, signal);
    // Asked twice: a "not found" bears no name by which it could be known as the answer to another request.
    if (found.kind === 'none') found = await look(service, path, signal);
    if (found.kind === 'none') return;
    if (found.kind === 'folder') throw new JottaError('conflict', 'the file to trash is a folder now');
    const now = parseFile(found.root, service.http.log);
    first ??= now;
    if (now?.uuid !== first?.uuid || now?.revision !== first?.revision) return;
    await sendToTrash(service, path, '?dl=true', signal);
  });
}

/** Sends a folder with all it holds to the trash; fine when nothing is there. Refuses mountpoints. */
export async function trashFolder(service: Service, path: JottaPath, caller: AbortSignal): Promise<void> {
  checkPath(path, 3);
  let sent = false;
  await repeatLooking(service, caller, async (signal) => {
    if (sent && (await look(service, path, signal)).kind !== 'folder') return;
    sent = true;
    await sendToTrash(service, path, '?dlDir=true', signal);
  });
}

/** Fine when nothing is there. An answer that does not show it in the trash (§2.3), nor a look, is retryable. */
async function sendToTrash(service: Service, path: JottaPath, query: string, signal: AbortSignal): Promise<void> {
  const command = addressOf(service, path, query);
  const root = await except('notFound', () => postOnce(service, command, thingOf(service, path), signal), undefined);
  const isGone = root === undefined ? (await look(service, path, signal)).kind === 'none' : isDeleted(root);
  if (!isGone) throw otherAnswer();
}

/** Tries as often as `postCommand`; each try of `attempt` may look at the server. */
function repeatLooking<T>(
  service: Service,
  caller: AbortSignal,
  attempt: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return withDeadline(caller, service.http.limits.commandMs, (signal) =>
    withRetry(service.retry, signal, () => attempt(signal)),
  );
}

/**
 * Sets times when the file has that size and md5; creates it when nothing is there and the service knows the content; takes it
 * out of the trash. By cphash (PROTOCOL.md §2.6). Where that is refused or does nothing although the path has, or had, that very
 * content: by allocating it once more, which sends nothing (§3.1). Both would also change the content of a live file: that is
 * JottaError 'conflict', found by looking first. 'notFound' when the content is unknown.
 */
export async function setFileTimes(
  service: Service,
  path: JottaPath,
  file: FileStamp,
  caller: AbortSignal,
): Promise<JottaFile> {
  checkPath(path, 3);
  const { habits } = service;
  let refused: unknown;
  if (!habits.lacks('timesByContent')) {
    try {
      const now = await sendTimes(service, path, file, caller);
      if (now.modified === toKeptSeconds(file.modified)) return now;
    } catch (error) {
      if (!isJottaError(error) || !mayNotKnowCommand.includes(error.kind) || caller.aborted) throw error;
      refused = error;
    }
  }
  const now = await tryAllocateAgain(service, path, file, caller).catch((error) => {
    throw refused === undefined || caller.aborted || isJottaError(error, 'conflict') ? error : refused;
  });
  if (now === undefined) throw isUnknownCommand(refused) ? unknownContent(refused) : refused;
  if (now.modified === toKeptSeconds(file.modified)) habits.note('timesByContent', false);
  return now;
}

/** Errors that may come from a command which the service does not know. */
const mayNotKnowCommand: readonly JottaErrorKind[] = ['protocol', 'unreachableName', 'forbidden', 'notFound', 'server'];

/** A command that did nothing, or whose refusal may say that there is no such command, and nothing of the file. */
function isUnknownCommand(refused: unknown): boolean {
  return refused === undefined || isJottaError(refused, 'protocol') || isJottaError(refused, 'notFound');
}

function unknownContent(cause: unknown): JottaError {
  return new JottaError('notFound', 'the content is not known', { cause });
}

/** Undefined where the path is not known to have, or have had, that content: it might be left unfinished there. */
async function tryAllocateAgain(
  service: Service,
  path: JottaPath,
  file: FileStamp,
  signal: AbortSignal,
): Promise<JottaFile | undefined> {
  const found = await look(service, path, signal);
  if (hasOtherContent(service, found, file)) throw new JottaError('conflict', 'the file has other content now');
  const root = found.kind === 'none' ? found.tombstone : found.root;
  const [newest] = root?.name === 'file' ? parseRevisions(root, service.http.log) : [];
  if (newest?.md5 !== file.md5.toLowerCase() || newest.size !== file.size) return undefined;
  const { completed } = await allocate(service, path, { ...file, onConflict: 'newRevision' }, signal);
  return completed ? fetchFile(service, path, signal) : undefined;
}

async function sendTimes(service: Service, path: JottaPath, file: FileStamp, caller: AbortSignal): Promise<JottaFile> {
  const headers = {
    JSize: String(file.size),
    JMd5: file.md5,
    JCreated: formatJfsTime(file.created),
    JModified: formatJfsTime(file.modified),
  };
  const command = { ...addressOf(service, path, '?cphash=true'), headers };
  let doubted = false;
  const answered = await repeatLooking(service, caller, async (signal) => {
    if (hasOtherContent(service, await look(service, path, signal), file)) {
      throw new JottaError('conflict', 'the file has other content now');
    }
    const root = await postOnce(service, command, thingOf(service, path), signal);
    const now = root.name === 'file' ? parseFile(root, service.http.log) : undefined;
    // Once: a time that the service cannot keep stays another one.
    if (doubted || now === undefined || now.modified === toKeptSeconds(file.modified)) return now;
    doubted = true;
    throw otherAnswer();
  });
  return answered ?? fetchFile(service, path, caller);
}

function hasOtherContent(service: Service, found: Found, file: FileStamp): boolean {
  if (found.kind !== 'file') return found.kind === 'folder';
  const now = parseFileEntry(found.root, service.http.log);
  if (now?.kind !== 'file') return now !== undefined;
  return now.md5 !== file.md5.toLowerCase() || now.size !== file.size;
}

/**
 * Copies a file inside the service. The server would overwrite a live target, so it is looked at first: JottaError
 * 'conflict' when it is taken. A copy onto a trashed name stays in the trash and is taken out with cphash (§2.3, rclone #6112).
 * Not repeated blindly: when the outcome is unknown, a target with the source's content counts as done, in the trash or not.
 */
export async function copyFile(
  service: Service,
  from: JottaPath,
  to: JottaPath,
  signal: AbortSignal,
): Promise<JottaFile> {
  checkPath(from, 3);
  checkPath(to, 3);
  const asTarget = <T>(work: () => Promise<T>) => asNewName(service, to.at(-1) ?? '', work);
  const looking = asTarget(() => look(service, to, signal));
  const [source, target] = await Promise.all([fetchFile(service, from, signal), looking]);
  if (isTaken(target)) throw new JottaError('conflict', 'the target of a copy is taken');
  const { url } = addressOf(service, from, targetQuery('cp', service.tokens.username, to));
  try {
    const root = await asTarget(() => postOnce(service, { url }, thingOf(service, to), signal));
    const copied = root.name === 'file' && !isDeleted(root) ? parseFile(root, service.http.log) : undefined;
    return copied ?? (await setFileTimes(service, to, source, signal));
  } catch (error) {
    if (!isJottaError(error) || !error.retryable || signal.aborted) throw error;
    const found = await look(service, to, signal);
    const root = found.kind === 'file' ? found.root : found.kind === 'none' ? found.tombstone : undefined;
    const [newest] = root === undefined ? [] : parseRevisions(root, service.http.log);
    if (newest?.md5 !== source.md5 || newest.size !== source.size) throw error;
    return found.kind === 'none' ? setFileTimes(service, to, source, signal) : newest;
  }
}

/** Empties the whole trash for good (PROTOCOL.md §4). Sent once: what is trashed meanwhile was not meant. */
export async function purgeTrash(service: Service, signal: AbortSignal): Promise<{ folders: number; files: number }> {
  const command = { url: `${service.endpoints.api}/files/v1/purge_trash` };
  const json = await postOnce(service, command, jsonOf(service), signal);
  return { folders: Number(json.folders) || 0, files: Number(json.files) || 0 };
}
