import type { Log } from '../../base/log.ts';
import { parseTime } from '../times.ts';
import type { JottaFile } from '../types.ts';
import { isUsableName } from '../urls.ts';
import { childOf, childrenOf, textOf, type XmlElement } from './xml.ts';

/** `deleted` counts by its presence, whatever its value (PROTOCOL.md §2.5). */
export function isDeleted(element: XmlElement): boolean {
  return element.attributes.deleted !== undefined || childOf(element, 'deleted') !== undefined;
}

/**
 * A `<file>` element as a live file: no `deleted`, and a `currentRevision` that is COMPLETED (§2.6). Anything else is
 * undefined; what looks live but cannot be trusted (name, size, md5) is also logged.
 */
export function parseFile(element: XmlElement, log: Log): JottaFile | undefined {
  if (isDeleted(element)) return undefined;
  const current = childOf(element, 'currentRevision');
  const file = current === undefined ? undefined : parseRevision(element, current, log);
  const unfinished = childOf(element, 'latestRevision') !== undefined;
  return file !== undefined && unfinished ? { ...file, unfinished } : file;
}

/** All complete revisions of a `<file>`, the current one first, then older ones as listed: newest first (§2.6). */
export function parseRevisions(element: XmlElement, log: Log): JottaFile[] {
  const older = childOf(element, 'revisions');
  return [...childrenOf(element, 'currentRevision'), ...(older ? childrenOf(older, 'revision') : [])].flatMap(
    (revision) => parseRevision(element, revision, log) ?? [],
  );
}

function parseRevision(file: XmlElement, revision: XmlElement, log: Log): JottaFile | undefined {
  if (textOf(revision, 'state') !== 'COMPLETED') return undefined;
  const name = file.attributes.name ?? '';
  const size = parseSize(textOf(revision, 'size'));
  const md5 = (textOf(revision, 'md5') ?? '').toLowerCase();
  if (!isUsableName(name) || size === undefined || !/^[0-9a-f]{32}$/.test(md5)) {
    log.warn('a listed file is dropped: its name, size or md5 is unusable', { name, size, md5 });
    return undefined;
  }
  const mime = textOf(revision, 'mime');
  return {
    kind: 'file',
    name,
    md5,
    size,
    modified: parseTime(textOf(revision, 'modified')),
    created: parseTime(textOf(revision, 'created')),
    revision: parseSize(textOf(revision, 'number')) ?? 0,
    uuid: file.attributes.uuid,
    ...(mime === undefined || mime === '' ? {} : { mime }),
  };
}

/** Whole bytes; an empty element is 0 (PROTOCOL.md §2.5), absent or anything else is undefined. */
export function parseSize(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const trimmed = text.trim();
  if (!/^\d*$/.test(trimmed)) return undefined;
  const size = Number(trimmed);
  return Number.isSafeInteger(size) ? size : undefined;
}
