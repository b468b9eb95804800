import { JottaError } from './errors.ts';
import { jsonOf, postCommand, type Service } from './service.ts';
import { formatRfc3339 } from './times.ts';
import type { AllocateRequest, Allocation, RemotePath } from './types.ts';
import { allocatePath, checkPath, parseSafeUrl } from './urls.ts';

/**
 * Asks where to send content (jottacloud-protocol.md §3.1). Safe to repeat: the same path, md5 and size continue the
 * same unfinished revision. JottaError 'conflict' when `reject` was asked and the name is taken, 'quota',
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
  return parseAllocation(await postCommand(service, command, jsonOf(service), signal), file.size);
}

/** Anything but COMPLETED means: send from `resume_pos` (§3.1). */
function parseAllocation(json: Readonly<Record<string, unknown>>, size: number): Allocation {
  if (json.state === 'COMPLETED') return { completed: true, uploadUrl: '', resumePos: size };
  const uploadUrl = json.upload_url;
  if (typeof uploadUrl !== 'string') throw new JottaError('protocol', 'an allocation without an upload address');
  parseSafeUrl(uploadUrl, 'the upload address');
  const resumePos = json.resume_pos ?? 0;
  if (typeof resumePos !== 'number' || !Number.isSafeInteger(resumePos) || resumePos < 0 || resumePos > size) {
    throw new JottaError('protocol', 'an allocation resumes outside the file');
  }
  return { completed: false, uploadUrl, resumePos };
}
