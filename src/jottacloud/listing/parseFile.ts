import { emptyMd5 } from '../../base/emptyMd5.ts';
import type { Log } from '../../base/log.ts';
import { parseTime } from '../times.ts';
import type { JottaFile, JottaUnusable } from '../types.ts';
import { isUsableName } from '../urls.ts';
import { childOf, childrenOf, textOf, type XmlElement } from './xml.ts';

/** `deleted` counts by its presence, whatever its value (PROTOCOL.md §2.5). */
export function isDeleted(element: XmlElement): boolean {
  return element.attributes.deleted !== undefined || childOf(element, 'deleted') !== undefined;
}

/** A `<file>` element as a live file: no `deleted`, and a `currentRevision` that is COMPLETED (§2.6). Anything else is undefined. */
export function parseFile(element: XmlElement, log: Log): JottaFile | undefined {
  const entry = parseFileEntry(element, log);
  return entry?.kind === 'file' ? entry : undefined;
}

/** The same; what is live and cannot be trusted is told as such, and logged. Undefined in the trash, and while nothing is complete. */
export function parseFileEntry(element: XmlElement, log: Log): JottaFile | JottaUnusable | undefined {
  if (isDeleted(element)) return undefined;
  const current = childOf(element, 'currentRevision');
  const entry = current === undefined ? undefined : parseRevision(element, current, log);
  const unfinished = childOf(element, 'latestRevision') !== undefined;
  return entry?.kind === 'file' && unfinished ? { ...entry, unfinished } : entry;
}

/** All complete revisions of a `<file>`, the current one first, then older ones as listed: newest first (§2.6). */
export function parseRevisions(element: XmlElement, log: Log): JottaFile[] {
  const older = childOf(element, 'revisions');
  return [...childrenOf(element, 'currentRevision'), ...(older ? childrenOf(older, 'revision') : [])].flatMap(
    (revision) => {
      const parsed = parseRevision(element, revision, log);
      return parsed?.kind === 'file' ? parsed : [];
    },
  );
}

/** A revision in one of these has no complete content (§2.6). */
const unfinishedStates: ReadonlySet<string | undefined> = new Set(['INCOMPLETE', 'CORRUPT', 'PROCESSING', 'ADDED']);

function parseRevision(file: XmlElement, revision: XmlElement, log: Log): JottaFile | JottaUnusable | undefined {
  const state = textOf(revision, 'state');
  if (unfinishedStates.has(state)) return undefined;
  const name = file.attributes.name ?? '';
  const content = parseContent(revision);
  if (!isUsableName(name) || content === undefined || state !== 'COMPLETED') {
    const [size, md5] = [textOf(revision, 'size'), textOf(revision, 'md5')];
    log.warn('a listed file is not shown: its name, state, size or md5 is unusable', { name, state, size, md5 });
    return { kind: 'unusable', name: isUsableName(name) ? name : '' };
  }
  const mime = textOf(revision, 'mime');
  return {
    kind: 'file',
    name,
    ...content,
    modified: parseTime(textOf(revision, 'modified')),
    created: parseTime(textOf(revision, 'created')),
    revision: parseSize(textOf(revision, 'number')) ?? 0,
    uuid: file.attributes.uuid,
    ...(mime === undefined || mime === '' ? {} : { mime }),
  };
}

/** Size and md5 of a revision; undefined unless they can be those of one content: no size beside the md5 of some bytes hides them. */
export function parseContent(element: XmlElement): { size: number; md5: string } | undefined {
  const size = parseSize(textOf(element, 'size'));
  const md5 = (textOf(element, 'md5') ?? '').toLowerCase();
  if (size === undefined || !/^[0-9a-f]{32}$/.test(md5) || (size === 0 && md5 !== emptyMd5)) return undefined;
  return { size, md5 };
}

/** Whole bytes; an empty element is 0 (PROTOCOL.md §2.5), absent or anything else is undefined. */
export function parseSize(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const trimmed = text.trim();
  if (!/^\d*$/.test(trimmed)) return undefined;
  const size = Number(trimmed);
  return Number.isSafeInteger(size) ? size : undefined;
}
