import { mkdtemp, rm, writeFile as writeLocal } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { DriveError } from '../../protocol/errors.ts';
import { type FileChunk, putFile, readChunkBytes, writeFile } from '../../protocol/fileMessages.ts';
import type { DriveClient } from '../drive/client.ts';

/** VS Code takes a file whole. What is larger is for a mount or a download. Bytes. */
const maxFileBytes = 256 * 1024 * 1024;
/** A file that changes while it is read is read again, so often. */
const readAttempts = 3;

/** The whole content of one version, whatever happens to the file meanwhile. `tooLarge`, `busy`, and what `ask` throws. */
export async function readWhole(
  accountPath: string,
  ask: (offset: number, length: number) => Promise<FileChunk>,
): Promise<Uint8Array> {
  for (let attempt = 0; attempt < readAttempts; attempt += 1) {
    const bytes = await tryReadWhole(accountPath, ask);
    if (bytes !== undefined) return bytes;
  }
  throw new DriveError('busy', { path: accountPath });
}

async function tryReadWhole(
  accountPath: string,
  ask: (offset: number, length: number) => Promise<FileChunk>,
): Promise<Uint8Array | undefined> {
  const first = await ask(0, readChunkBytes);
  if (first.size > maxFileBytes) throw new DriveError('tooLarge', { path: accountPath });
  const parts = [Buffer.from(first.content, 'base64')];
  for (let at = parts[0]?.length ?? 0; at < first.size; ) {
    const next = await ask(at, readChunkBytes);
    const bytes = Buffer.from(next.content, 'base64');
    if (next.version !== first.version || bytes.length === 0) return undefined;
    parts.push(bytes);
    at += bytes.length;
  }
  return parts.length === 1 ? parts[0] : Buffer.concat(parts);
}

/** Small content goes with the request, larger through a file that only this user can read. */
export async function writeWhole(
  client: DriveClient,
  target: { path: string; create: boolean; overwrite: boolean },
  content: Uint8Array,
): Promise<void> {
  if (content.length <= readChunkBytes) {
    await client.request(writeFile, { ...target, content: Buffer.from(content).toString('base64') });
    return;
  }
  await withLocalFile(content, 'content', (localFile) => client.request(putFile, { ...target, localFile }));
}

/** A local file with that content and name, for the time of `work`. */
export async function withLocalFile<T>(
  content: Uint8Array,
  name: string,
  work: (localFile: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'jottacloud-'));
  try {
    const localFile = path.join(folder, name);
    await writeLocal(localFile, content, { mode: 0o600 });
    return await work(localFile);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
