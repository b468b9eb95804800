import { nameKey } from '../../base/nameKey.ts';
import { JottaError } from '../errors.ts';
import { readXml, textOf, type XmlElement } from '../listing/xml.ts';
import type { Service } from '../service.ts';
import type { JottaPath } from '../types.ts';
import { chunksOf } from './body.ts';
import type { HttpAnswer } from './http.ts';

/** A document that is small unless the path turns out to be a folder; then only its root is of interest. */
export function xmlOf(service: Service): (answer: HttpAnswer) => Promise<XmlElement> {
  const { maxXmlBytes, bodyIdleMs } = service.http.limits;
  return (answer) => readXml(chunksOf(answer, bodyIdleMs), maxXmlBytes, isEntry);
}

/** As `xmlOf`, for a document that has to be about what is at one of `places`. */
export function thingOf(
  service: Service,
  ...places: readonly JottaPath[]
): (answer: HttpAnswer) => Promise<XmlElement> {
  const read = xmlOf(service);
  return async (answer) => {
    const root = await read(answer);
    assertThing(root, ...places);
    return root;
  };
}

/**
 * Throws JottaError 'protocol' unless `root` describes something of the tree: a command whose answer is anything else was
 * not carried out, as far as anybody can tell, whatever its status says. Retryable when it describes something that is at
 * none of `places`: an answer that came twice is taken for the answer to the next request on that connection.
 */
export function assertThing(root: XmlElement, ...places: readonly JottaPath[]): void {
  if (root.name !== 'file' && root.name !== 'folder' && root.name !== 'mountPoint') throw unexpectedRoot(root);
  if (places.some((place) => isAt(root, place))) return;
  throw otherAnswer();
}

/** The error of an answer about something else than was asked for. */
export function otherAnswer(): JottaError {
  return new JottaError('protocol', 'an answer to another request', { retryable: true });
}

export function unexpectedRoot(root: XmlElement): JottaError {
  return new JottaError('protocol', `unexpected answer <${root.name.slice(0, 40)}>`);
}

/**
 * By its own name and that of the folder it is in, as far as it tells them (PROTOCOL.md §2.5): of what is shown elsewhere than
 * it is, `path` and `abspath` tell the one and the other.
 */
function isAt(root: XmlElement, path: JottaPath): boolean {
  const name = root.attributes.name ?? textOf(root, 'name') ?? '';
  const folders = ['path', 'abspath'].map((tag) => textOf(root, tag)?.split('/').at(-1) ?? '');
  const told = folders.filter((folder) => folder !== '');
  const isIn = told.length === 0 || told.some((folder) => isSameName(folder, path.at(-2)));
  return isSameName(name, path.at(-1)) && isIn;
}

/** The service finds names whatever their case (§5); what a document does not tell is no difference. */
export function isSameName(told: string, asked = ''): boolean {
  return told === '' || nameKey(told) === nameKey(asked);
}

/** The entries of a listing, as opposed to what it says about itself. */
export function isEntry(name: string, path: readonly string[]): boolean {
  if (path.length !== 2) return false;
  return (name === 'file' && path[1] === 'files') || (name === 'folder' && path[1] === 'folders');
}
