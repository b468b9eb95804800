import { neverAborts, untilAborted } from '../../base/abort.ts';
import { asNewName, isUnproven } from '../doubtfulNames.ts';
import { isJottaError, JottaError } from '../errors.ts';
import { isTaken, look } from '../listing/listings.ts';
import { jsonOf, postCommand, type Service } from '../service.ts';
import { formatRfc3339 } from '../times.ts';
import type { HttpAnswer } from '../transport/http.ts';
import { isSameName, otherAnswer } from '../transport/roots.ts';
import { fromAbort } from '../transport/transportErrors.ts';
import type { AllocateRequest, Allocation, JottaPath } from '../types.ts';
import { allocatePath, checkPath, parseSafeUrl } from '../urls.ts';

type Json = Readonly<Record<string, unknown>>;

/**
 * Asks where to send content (PROTOCOL.md §3.1). Safe to repeat: the same path, md5 and size continue the
 * same unfinished revision. JottaError 'conflict' when `reject` was asked and something complete has the name, 'quota',
 * 'invalidName', 'writeLocked'.
 *
 * Only `reject` sends a `conflict_handler`, which only one client is known to have done. A service that refuses it is asked
 * without it, after a look; one that ignores it makes the file the next revision of what is there: unless
 * `habits.has('rejectConflicts')`, look at what came of it.
 */
export async function allocate(
  service: Service,
  path: JottaPath,
  file: AllocateRequest,
  signal: AbortSignal,
): Promise<Allocation> {
  checkPath(path, 3);
  return asNewName(service, path.at(-1) ?? '', () => tryAllocate(service, path, file, signal));
}

async function tryAllocate(
  service: Service,
  path: JottaPath,
  file: AllocateRequest,
  signal: AbortSignal,
): Promise<Allocation> {
  const { habits } = service;
  const plain: AllocateRequest = { ...file, onConflict: 'newRevision' };
  if (file.onConflict === 'newRevision') return send(service, path, plain, signal);
  // An allocate names it elsewhere than in its address: it may be taken, and never be found again.
  if (isUnproven(service, path.at(-1) ?? '')) await look(service, path, signal);
  let refused: unknown;
  if (!habits.lacks('rejectConflicts')) {
    try {
      return await send(service, path, file, signal);
    } catch (error) {
      if (!isJottaError(error, 'conflict') && !mayRefuseHandler(error)) throw error;
      refused = error;
    }
  }
  const found = await look(service, path, signal);
  const isConflict = isJottaError(refused, 'conflict');
  // Where a folder has the name, the service may say so without having understood `conflict_handler`.
  if (isConflict && found.kind === 'file' && isTaken(found)) habits.note('rejectConflicts', true);
  if (isTaken(found)) throw isConflict ? refused : new JottaError('conflict', 'something has the name of a new file');
  // What was refused may be our own unfinished upload, or the use of `conflict_handler`.
  try {
    const allocation = await send(service, path, plain, signal);
    // Where `conflict_handler` was seen at work before, a 500 may have been a failure that passed.
    const tells = isJottaError(refused, 'protocol') || !habits.has('rejectConflicts');
    if (refused !== undefined && !isConflict && tells) habits.note('rejectConflicts', false);
    return allocation;
  } catch (error) {
    throw refused === undefined || isConflict || signal.aborted ? error : refused;
  }
}

/** What may come of a `conflict_handler` that is not understood. */
function mayRefuseHandler(error: unknown): boolean {
  return isJottaError(error) && (error.status === 500 || isJottaError(error, 'protocol'));
}

/**
 * Whether the service refuses a new file where one is: asks for one where `file` was just created with the same content, so
 * that nothing changes if it does not. Any other refusal tells nothing: `habits` stay as they are. Callers at the same time share
 * one question.
 */
export async function tryRefusal(
  service: Service,
  path: JottaPath,
  file: Omit<AllocateRequest, 'onConflict'>,
  signal: AbortSignal,
): Promise<void> {
  const { habits } = service;
  if (habits.has('rejectConflicts') || habits.lacks('rejectConflicts')) return;
  const asking = habits.questions.run('rejectConflicts', async () => {
    try {
      // The answer serves everybody who waits, so no signal cuts it short; each try has a deadline of its own.
      await send(service, path, { ...file, onConflict: 'reject' }, neverAborts);
      habits.note('rejectConflicts', false);
    } catch (error) {
      if (!isJottaError(error)) throw error;
      if (isJottaError(error, 'conflict')) habits.note('rejectConflicts', true);
    }
  });
  await untilAborted(asking, signal).catch((error) => {
    throw signal.aborted ? fromAbort(signal.reason) : error;
  });
}

async function send(
  service: Service,
  path: JottaPath,
  file: AllocateRequest,
  signal: AbortSignal,
): Promise<Allocation> {
  const command = {
    direct: true,
    url: `${service.endpoints.api}/files/v1/allocate`,
    headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
    body: Buffer.from(
      JSON.stringify({
        path: allocatePath(path),
        bytes: file.size,
        md5: file.md5,
        created: formatRfc3339(file.created ?? file.modified),
        modified: formatRfc3339(file.modified),
        ...(file.onConflict === 'reject' ? { conflict_handler: 'REJECT_CONFLICTS' } : {}),
      }),
    ),
  };
  const answer = await postCommand(service, command, (each) => readAllocation(service, path, each), signal);
  return parseAllocation(answer, file.size, command.url);
}

async function readAllocation(service: Service, path: JottaPath, answer: HttpAnswer): Promise<Json> {
  const json = await jsonOf(service)(answer);
  if (typeof json.name === 'string' && !isSameName(json.name, path.at(-1))) throw otherAnswer();
  return json;
}

/** Anything but COMPLETED means: send from `resume_pos` (§3.1). */
function parseAllocation(json: Json, size: number, askedAt: string): Allocation {
  if (json.state === 'COMPLETED') return { completed: true, uploadUrl: '', resumePos: size };
  const uploadUrl = json.upload_url;
  if (typeof uploadUrl !== 'string') throw new JottaError('protocol', 'an allocation without an upload address');
  // Any host: the address is opaque (§3.2).
  parseSafeUrl(uploadUrl, 'the upload address', askedAt);
  // What came of a corrupt upload is worth nothing: whatever the server says of it, the whole file is sent again (§3.3).
  const resumePos = json.state === 'CORRUPT' ? 0 : (json.resume_pos ?? 0);
  if (typeof resumePos !== 'number' || !Number.isSafeInteger(resumePos) || resumePos < 0 || resumePos > size) {
    throw new JottaError('protocol', 'an allocation resumes outside the file');
  }
  return { completed: false, uploadUrl, resumePos };
}
