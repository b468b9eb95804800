import { except, type Service } from '../service.ts';
import type { FileStamp, JottaPath, StreamedItem } from '../types.ts';
import { copyFile, createFolder, setFileTimes, trashFile } from './commands.ts';
import { unrefused } from './moveEnds.ts';

/**
 * Takes a moved tree out of the trash, the only way there is: every file by its content, every empty folder by making it
 * (PROTOCOL.md §2.3 "Restore recipe"). `tree` is what the folder held before it was moved, so that whatever
 * else the trash has under that name stays there. Repeating it does no harm.
 */
export async function reviveTree(
  service: Service,
  from: JottaPath,
  to: JottaPath,
  tree: readonly StreamedItem[],
  signal: AbortSignal,
): Promise<void> {
  // Streamed paths begin at the mountpoint, without the device.
  const placeOf = (entry: StreamedItem): JottaPath => [...to, ...entry.path.slice(from.length - 1)];
  const parents = new Set(tree.map(({ path }) => path.slice(0, -1).join('/')));
  for (const entry of tree) {
    if (entry.kind === 'file') await setFileTimes(service, placeOf(entry), entry, signal);
    else if (!parents.has(entry.path.join('/'))) await createFolder(service, placeOf(entry), signal);
  }
}

/**
 * Moves a file onto a name that the server refuses although nothing live has it: the trash does, or an unfinished upload.
 * Nothing is deleted for good. The destination gets the content as a revision, which takes it out of the trash with its
 * history, and the source goes to the trash.
 */
export async function moveByContent(
  service: Service,
  from: JottaPath,
  to: JottaPath,
  file: FileStamp,
  signal: AbortSignal,
): Promise<void> {
  const known = await except('notFound', () => setFileTimes(service, to, file, signal), undefined);
  if (known === undefined) await copyFile(service, from, to, signal);
  await giveUpSource(service, from, signal);
}

/** The destination has it: from here on a refusal does not say that nothing was done. */
export function giveUpSource(service: Service, from: JottaPath, signal: AbortSignal): Promise<void> {
  return unrefused('a file is moved, and still where it was', () => trashFile(service, from, signal));
}
