import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { nameKey } from '../base/nameKey.ts';
import { list, type MountParams } from '../protocol/messages.ts';
import type { DriveClient } from './drive/client.ts';

/** More than anybody saves by mistake: a folder with more is somebody's own. */
const most = 1_000;

/**
 * The files, as paths from it, that lie in a mount point because they were saved while nothing was mounted there. None when what lies
 * there is something else: its folders are not those of the account. Throws DriveError.
 */
export async function findLeftBehind(client: DriveClient, { mountPoint, source }: MountParams): Promise<string[]> {
  const top = await readdir(mountPoint).catch(() => []);
  if (top.length === 0) return [];
  const entries = await client.request(list, { path: source, refresh: false });
  const known = new Set(entries.map(({ name }) => nameKey(name)));
  if (!top.every((name) => known.has(nameKey(name)))) return [];
  const found = await readdir(mountPoint, { recursive: true, withFileTypes: true });
  const files = found.filter((entry) => !entry.isDirectory());
  if (files.length > most) return [];
  return files.map((file) => path.relative(mountPoint, path.join(file.parentPath, file.name)));
}
