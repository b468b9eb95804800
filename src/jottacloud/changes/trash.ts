import { JottaError } from '../errors.ts';
import { fetchElements, placeOf } from '../listing/elements.ts';
import { look } from '../listing/listings.ts';
import { parseRevisions, parseSize } from '../listing/parseFile.ts';
import { childOf, textOf, type XmlElement } from '../listing/xml.ts';
import { addressOf, postOnce, type Service } from '../service.ts';
import { parseTime } from '../times.ts';
import { thingOf } from '../transport/roots.ts';
import type { FileStamp, JottaPath } from '../types.ts';
import { checkPath, isUsableName } from '../urls.ts';
import { createFolder, setFileTimes } from './commands.ts';

/** Something that was put into the trash itself; what went along with a folder is below that. */
export interface TrashedEntry {
  readonly kind: 'folder' | 'file';
  /** Where it was: the only way to address it (PROTOCOL.md §2.7). */
  readonly path: JottaPath;
  /** Epoch seconds; 0 = unknown. */
  readonly deleted: number;
  /** Bytes; 0 for folders. */
  readonly size: number;
}

/** The view of the trash; the device segment is required (PROTOCOL.md §2.5). */
const trashView: JottaPath = ['Jotta', 'Trash'];

/** Folders deeper than this are no trash of this service. */
const maxDepth = 100;

/** Newest first. Of several with one path only the newest is there to be had. Trashed mountpoints are left out. */
export async function fetchTrash(service: Service, signal: AbortSignal): Promise<TrashedEntry[]> {
  const elements = await fetchElements(service, trashView, signal);
  const newest = new Map<string, TrashedEntry>();
  for (const entry of elements.flatMap((element) => parseTrashed(element, service.tokens.username) ?? [])) {
    const key = entry.path.join('/').toLowerCase();
    if ((newest.get(key)?.deleted ?? -1) < entry.deleted) newest.set(key, entry);
  }
  return [...newest.values()].sort((a, b) => b.deleted - a.deleted);
}

/**
 * Takes a file or folder out of the trash, to where it was (§2.3 "Restore recipe"): each file by its content, each empty
 * folder by making it. Of a folder comes back what went to the trash with it, not what was there before.
 * JottaError 'conflict' when something live has the path, 'notFound' when the trash has nothing of that path.
 * After a failure in the middle, what is left in the trash is there under its own path.
 */
export async function restore(service: Service, path: JottaPath, signal: AbortSignal): Promise<void> {
  const tombstone = await findTombstone(service, path, signal);
  if (tombstone.name === 'file') await restoreFile(service, path, tombstone, signal);
  else await restoreFolder(service, path, stampOf(tombstone), 0, signal);
}

/**
 * Removes for good what the trash has at a path. The server would remove a live item of that path as well (§6), so that
 * is JottaError 'conflict', found by looking first; sent once. 'notFound' when the trash has nothing of that path.
 */
export async function removeForGood(service: Service, path: JottaPath, signal: AbortSignal): Promise<void> {
  const tombstone = await findTombstone(service, path, signal);
  const query = tombstone.name === 'file' ? '?rm=true' : '?rmDir=true';
  // The answer describes the folder it was in (§2.3).
  await postOnce(service, addressOf(service, path, query), thingOf(service, path, path.slice(0, -1)), signal);
}

async function findTombstone(service: Service, path: JottaPath, signal: AbortSignal): Promise<XmlElement> {
  checkPath(path, 3);
  const found = await look(service, path, signal);
  if (found.kind !== 'none') throw new JottaError('conflict', 'something live has the path');
  const { tombstone } = found;
  if (tombstone === undefined) throw new JottaError('notFound', 'nothing in the trash has the path');
  if (tombstone.name !== 'file' && tombstone.name !== 'folder') throw new JottaError('protocol', 'not restorable');
  return tombstone;
}

async function restoreFile(service: Service, path: JottaPath, file: XmlElement, signal: AbortSignal): Promise<void> {
  const stamp = newestOf(service, file);
  if (stamp === undefined) throw new JottaError('notFound', 'the trashed file has no complete content');
  if (path.length > 3) await createFolder(service, path.slice(0, -1), signal);
  await setFileTimes(service, path, stamp, signal);
}

async function restoreFolder(
  service: Service,
  path: JottaPath,
  since: number,
  depth: number,
  signal: AbortSignal,
): Promise<void> {
  if (depth > maxDepth) throw new JottaError('protocol', 'folders nest too deep');
  // Read before anything is made: a folder that was made is listed as a live one.
  const elements = await fetchElements(service, path, signal);
  await createFolder(service, path, signal);
  for (const element of elements) {
    const name = element.attributes.name ?? '';
    if (element.attributes.deleted === undefined || !isUsableName(name)) continue;
    const wentAlong = stampOf(element) === 0 || stampOf(element) >= since;
    if (!wentAlong) continue;
    const place = [...path, name];
    if (element.name === 'folder') await restoreFolder(service, place, since, depth + 1, signal);
    else {
      const stamp = newestOf(service, element);
      if (stamp !== undefined) await setFileTimes(service, place, stamp, signal);
    }
  }
}

function newestOf(service: Service, file: XmlElement): FileStamp | undefined {
  return parseRevisions(file, service.http.log)[0];
}

/** Epoch seconds of the removal; 0 = unknown. */
function stampOf(element: XmlElement): number {
  return parseTime(element.attributes.deleted);
}

function parseTrashed(element: XmlElement, username: string): TrashedEntry | undefined {
  // An item that lay on a device itself is a mountpoint: there is no way to bring one back.
  const path = placeOf(element, username);
  if (path === undefined) return undefined;
  const kind = element.name === 'file' ? 'file' : 'folder';
  const current = childOf(element, 'currentRevision');
  const size = kind === 'file' && current !== undefined ? (parseSize(textOf(current, 'size')) ?? 0) : 0;
  return { kind, path, deleted: stampOf(element), size };
}
