import type { Log } from '../../base/log.ts';
import { JottaError } from '../errors.ts';
import { assertThing, isEntry } from '../transport/roots.ts';
import type { JottaEntry, JottaPath } from '../types.ts';
import { isUsableName } from '../urls.ts';
import { isDeleted, parseFileEntry } from './parseFile.ts';
import { parseXml, type XmlElement } from './xml.ts';

/** Entries of one folder; a real one has at most some tens of thousands. */
const maxEntries = 500_000;

/**
 * Reads a `<folder>` or `<mountPoint>` listing (PROTOCOL.md §2.5): live folders and complete files, and what cannot be
 * used, in the server's order. JottaError 'notFound' when the root is a file or itself in the trash, 'protocol' for other roots
 * (`assertThing`).
 */
export async function parseFolder(
  chunks: AsyncIterable<Buffer>,
  path: JottaPath,
  maxBytes: number,
  log: Log,
): Promise<JottaEntry[]> {
  const entries: JottaEntry[] = [];
  const parser = parseXml(chunks, maxBytes, isEntry);
  try {
    let step = await parser.next();
    while (!step.done) {
      const entry = parseEntry(step.value, log);
      if (entry) entries.push(entry);
      if (entries.length > maxEntries) throw new JottaError('protocol', 'a folder has too many entries');
      step = await parser.next();
    }
    assertFolder(step.value, path);
    return entries;
  } finally {
    // Leaving in the middle has to close the connection.
    await parser.return(undefined as never);
  }
}

function parseEntry(element: XmlElement, log: Log): JottaEntry | undefined {
  if (element.name === 'file') return parseFileEntry(element, log);
  if (isDeleted(element)) return undefined;
  const name = element.attributes.name ?? '';
  if (!isUsableName(name)) {
    log.warn('a listed folder is not shown: its name is unusable', { name });
    return { kind: 'unusable', name: '' };
  }
  return { kind: 'folder', name };
}

/** Throws unless `root` is the live folder or mountpoint at `path`. */
export function assertFolder(root: XmlElement, path: JottaPath): void {
  assertThing(root, path);
  if (root.name === 'file') throw new JottaError('notFound', 'a file is where a folder was expected');
  if (isDeleted(root)) throw new JottaError('notFound', 'the folder is in the trash');
}
