import { isJottaError, JottaError } from './errors.ts';
import { fetchFile, look, xmlOf } from './listings.ts';
import { isDeleted, parseFile } from './parseFile.ts';
import { except, jsonOf, nothingOf, postCommand, postOnce, type Service, urlOf } from './service.ts';
import { formatJfsTime } from './times.ts';
import type { FileStamp, RemoteFile, RemotePath } from './types.ts';
import { checkPath, targetQuery } from './urls.ts';

/** Creates the folder and its parents; fine when it exists (jottacloud-protocol.md §2.3 mkDir). */
export async function createFolder(service: Service, path: RemotePath, signal: AbortSignal): Promise<void> {
  checkPath(path, 3);
  await postCommand(service, { url: urlOf(service, path, '?mkDir=true') }, nothingOf(service), signal);
}

/**
 * Sends a file to the trash; fine when nothing is there. Looks first, because `dl` on a folder makes it vanish for good
 * (jottacloud-protocol.md §2.3 "wrong kind"): JottaError 'conflict' when the path has become a folder.
 */
export async function trashFile(service: Service, path: RemotePath, signal: AbortSignal): Promise<void> {
  const found = await look(service, path, signal);
  if (found.kind === 'none') return;
  if (found.kind === 'folder') throw new JottaError('conflict', 'the file to trash is a folder now');
  const command = { url: urlOf(service, path, '?dl=true') };
  await except('notFound', () => postCommand(service, command, nothingOf(service), signal), undefined);
}

/** Sends a folder with all it holds to the trash; fine when nothing is there. Refuses mountpoints. */
export async function trashFolder(service: Service, path: RemotePath, signal: AbortSignal): Promise<void> {
  checkPath(path, 3);
  const command = { url: urlOf(service, path, '?dlDir=true') };
  await except('notFound', () => postCommand(service, command, nothingOf(service), signal), undefined);
}

/**
 * cphash (jottacloud-protocol.md §2.6): sets times when the file has that size and md5; else gives it that content if the
 * service knows it; takes it out of the trash. JottaError 'notFound' when the content is unknown.
 */
export async function setFileTimes(
  service: Service,
  path: RemotePath,
  file: FileStamp,
  signal: AbortSignal,
): Promise<RemoteFile> {
  checkPath(path, 3);
  const headers = {
    JSize: String(file.size),
    JMd5: file.md5,
    JCreated: formatJfsTime(file.created),
    JModified: formatJfsTime(file.modified),
  };
  const command = { url: urlOf(service, path, '?cphash=true'), headers };
  const root = await postCommand(service, command, xmlOf(service), signal);
  const answered = root.name === 'file' ? parseFile(root, service.http.log) : undefined;
  return answered ?? fetchFile(service, path, signal);
}

/**
 * Copies a file inside the service. A copy onto a trashed name stays in the trash and is taken out with cphash (§2.3,
 * rc#6112). Not repeated blindly; when the outcome is unknown, a target with the source's content counts as done.
 */
export async function copyFile(
  service: Service,
  from: RemotePath,
  to: RemotePath,
  signal: AbortSignal,
): Promise<RemoteFile> {
  checkPath(from, 3);
  checkPath(to, 3);
  const source = await fetchFile(service, from, signal);
  const command = { url: urlOf(service, from, targetQuery('cp', service.tokens.username, to)) };
  try {
    const root = await postOnce(service, command, xmlOf(service), signal);
    const copied = root.name === 'file' && !isDeleted(root) ? parseFile(root, service.http.log) : undefined;
    return copied ?? (await setFileTimes(service, to, source, signal));
  } catch (error) {
    if (!isJottaError(error) || !error.retryable || signal.aborted) throw error;
    const found = await except('notFound', () => fetchFile(service, to, signal), undefined);
    if (found?.md5 === source.md5 && found.size === source.size) return found;
    throw error;
  }
}

/** Empties the whole trash for good (jottacloud-protocol.md §4). */
export async function purgeTrash(service: Service, signal: AbortSignal): Promise<{ folders: number; files: number }> {
  const command = { url: `${service.endpoints.api}/files/v1/purge_trash` };
  const json = await postCommand(service, command, jsonOf(service), signal);
  return { folders: Number(json.folders) || 0, files: Number(json.files) || 0 };
}
