import type { Log } from '../base/log.ts';
import { JottaError } from './errors.ts';
import { isDeleted, parseFile } from './parseFile.ts';
import type { RemoteEntry } from './types.ts';
import { isUsableName } from './urls.ts';
import { parseXml, type XmlElement } from './xml.ts';

/** Entries of one folder; a real one has at most some tens of thousands. */
const maxEntries = 500_000;

/**
 * Reads a `<folder>` or `<mountPoint>` listing (jottacloud-protocol.md §2.5): live folders and complete files, in the
 * server's order. JottaError 'notFound' when the root is a file or itself in the trash, 'protocol' for other roots.
 */
export async function parseFolder(chunks: AsyncIterable<Buffer>, maxBytes: number, log: Log): Promise<RemoteEntry[]> {
  const entries: RemoteEntry[] = [];
  const parser = parseXml(chunks, maxBytes, isEntry);
  try {
    let step = await parser.next();
    while (!step.done) {
      const entry = parseEntry(step.value, log);
      if (entry) entries.push(entry);
      if (entries.length > maxEntries) throw new JottaError('protocol', 'a folder has too many entries');
      step = await parser.next();
    }
    assertFolder(step.value);
    return entries;
  } finally {
    // Leaving in the middle has to close the connection.
    await parser.return(undefined as never);
  }
}

/** The entries of a listing, as opposed to what it says about itself. */
export function isEntry(name: string, path: readonly string[]): boolean {
  if (path.length !== 2) return false;
  return (name === 'file' && path[1] === 'files') || (name === 'folder' && path[1] === 'folders');
}

function parseEntry(element: XmlElement, log: Log): RemoteEntry | undefined {
  if (element.name === 'file') return parseFile(element, log);
  if (isDeleted(element)) return undefined;
  const name = element.attributes.name ?? '';
  if (!isUsableName(name)) {
    log.warn('a listed folder is dropped: its name is unusable', { name });
    return undefined;
  }
  return { kind: 'folder', name };
}

/** Throws unless `root` is a live folder or mountpoint. */
export function assertFolder(root: XmlElement): void {
  if (root.name === 'file') throw new JottaError('notFound', 'a file is where a folder was expected');
  if (root.name !== 'folder' && root.name !== 'mountPoint') throw unexpectedRoot(root);
  if (isDeleted(root)) throw new JottaError('notFound', 'the folder is in the trash');
}

/**
 * Throws unless `root` describes something of the tree. A command whose answer is anything else was not carried out, as far
 * as anybody can tell, whatever its status says.
 */
export function assertThing(root: XmlElement): void {
  if (root.name !== 'file' && root.name !== 'folder' && root.name !== 'mountPoint') throw unexpectedRoot(root);
}

export function unexpectedRoot(root: XmlElement): JottaError {
  return new JottaError('protocol', `unexpected answer <${root.name.slice(0, 40)}>`);
}
