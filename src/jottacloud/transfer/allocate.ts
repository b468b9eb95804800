import { isJottaError, JottaError } from '../errors.ts';
import { isTaken, look } from '../listing/listings.ts';
import { jsonOf, postCommand, type Service } from '../service.ts';
import { formatRfc3339 } from '../times.ts';
import type { HttpAnswer } from '../transport/http.ts';
import { isSameName, otherAnswer } from '../transport/roots.ts';
import type { AllocateRequest, Allocation, RemotePath } from '../types.ts';
import { allocatePath, checkPath, parseSafeUrl } from '../urls.ts';

type Json = Readonly<Record<string, unknown>>;

/**
 * Asks where to send content (PROTOCOL.md §3.1). Safe to repeat: the same path, md5 and size continue the
 * same unfinished revision. JottaError 'conflict' when `reject` was asked and something complete has the name, 'quota',
 * 'invalidName', 'writeLocked'.
 */
export async function allocate(
  service: Service,
  path: RemotePath,
  file: AllocateRequest,
  signal: AbortSignal,
): Promise<Allocation> {
  checkPath(path, 3);
  const command = {
    url: `${service.endpoints.api}/files/v1/allocate`,
    headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
    body: Buffer.from(
      JSON.stringify({
        path: allocatePath(path),
        bytes: file.size,
        md5: file.md5,
        created: formatRfc3339(file.created ?? file.modified),
        modified: formatRfc3339(file.modified),
        conflict_handler: file.onConflict === 'reject' ? 'REJECT_CONFLICTS' : 'CREATE_NEW_REVISION',
      }),
    ),
  };
  try {
    const answer = await postCommand(service, command, (each) => readAllocation(service, path, each), signal);
    return parseAllocation(answer, file.size, command.url);
  } catch (error) {
    if (file.onConflict !== 'reject' || !isJottaError(error, 'conflict')) throw error;
    // Our own unfinished upload may be what is in the way.
    if (isTaken(await look(service, path, signal))) throw error;
    return allocate(service, path, { ...file, onConflict: 'newRevision' }, signal);
  }
}

async function readAllocation(service: Service, path: RemotePath, answer: HttpAnswer): Promise<Json> {
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
