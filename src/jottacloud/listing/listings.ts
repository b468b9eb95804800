import { parseCustomer } from '../auth/customer.ts';
import { asNewName } from '../doubtfulNames.ts';
import { JottaError } from '../errors.ts';
import { addressOf, getListing, getMetadata, jsonOf, type Service } from '../service.ts';
import { chunksOf } from '../transport/body.ts';
import type { HttpAnswer } from '../transport/http.ts';
import { thingOf, xmlOf } from '../transport/roots.ts';
import type { Account, Customer, JottaEntry, JottaFile, JottaMountpoints, JottaPath } from '../types.ts';
import { checkPath, jfsUrl } from '../urls.ts';
import { parseAccount, parseMountpoints } from './parseAccount.ts';
import { isDeleted, parseFile, parseRevisions, parseSize } from './parseFile.ts';
import { parseFolder } from './parseFolder.ts';
import { childOf, textOf, type XmlElement } from './xml.ts';

export async function fetchCustomer(service: Service, signal: AbortSignal): Promise<Customer> {
  const url = `${service.endpoints.api}/account/v1/customer`;
  return parseCustomer(await getMetadata(service, { url }, jsonOf(service), signal));
}

export async function fetchAccount(service: Service, signal: AbortSignal): Promise<Account> {
  const url = jfsUrl(service.endpoints, service.tokens.username, []);
  return parseAccount(await getMetadata(service, { url }, xmlOf(service), signal));
}

export async function fetchMountpoints(
  service: Service,
  device: string,
  signal: AbortSignal,
): Promise<JottaMountpoints> {
  return parseMountpoints(await getMetadata(service, addressOf(service, [device]), xmlOf(service), signal));
}

export async function fetchFolder(service: Service, path: JottaPath, signal: AbortSignal): Promise<JottaEntry[]> {
  checkPath(path, 2);
  const { patientIdleMs, maxXmlBytes } = service.http.limits;
  const read = (answer: HttpAnswer) =>
    parseFolder(chunksOf(answer, patientIdleMs), path, maxXmlBytes, service.http.log);
  return getListing(service, path, read, signal);
}

/** JottaError 'notFound' also for a folder, a trashed file, and one without complete content (§2.6). */
export async function fetchFile(service: Service, path: JottaPath, signal: AbortSignal): Promise<JottaFile> {
  const file = parseFile(await fetchFileRoot(service, path, signal), service.http.log);
  if (file === undefined) throw new JottaError('notFound', 'no complete file there');
  return file;
}

/** Newest first; at most 5 are kept by the service (§2.6). */
export async function fetchRevisions(service: Service, path: JottaPath, signal: AbortSignal): Promise<JottaFile[]> {
  const root = await fetchFileRoot(service, path, signal);
  if (isDeleted(root)) throw new JottaError('notFound', 'no file there');
  return parseRevisions(root, service.http.log);
}

/** The same, also of a file in the trash: what it holds can be read at its old path (§2.7). */
export async function fetchKeptRevisions(service: Service, path: JottaPath, signal: AbortSignal): Promise<JottaFile[]> {
  return parseRevisions(await fetchFileRoot(service, path, signal), service.http.log);
}

/** What is at the path of a new file, none of it counting as an error. JottaError 'invalidName' where no file can be. */
export async function fetchHistory(service: Service, path: JottaPath, signal: AbortSignal): Promise<History> {
  const found = await asNewName(service, path.at(-1) ?? '', () => look(service, path, signal));
  const root = found.kind === 'none' ? found.tombstone : found.root;
  const revisions = root?.name === 'file' ? parseRevisions(root, service.http.log) : [];
  return { isLive: isTaken(found), revisions };
}

export interface History {
  /** Something complete has the path. */
  readonly isLive: boolean;
  /** Newest first, of a file in the trash too. */
  readonly revisions: JottaFile[];
}

/** What became of an upload of which no answer came: the newest complete content of a path, and what is under way there. */
export interface Progress {
  readonly current: JottaFile | undefined;
  /** A newer revision that may still become complete. */
  readonly unfinished: Unfinished | undefined;
}

export interface Unfinished {
  /** Lower case. */
  readonly md5: string;
  /** Bytes of it that the service has; undefined where it does not tell. */
  readonly received: number | undefined;
}

export async function fetchProgress(service: Service, path: JottaPath, signal: AbortSignal): Promise<Progress> {
  const found = await look(service, path, signal);
  if (found.kind !== 'file') return { current: undefined, unfinished: undefined };
  const latest = childOf(found.root, 'latestRevision');
  const isLost = latest === undefined || textOf(latest, 'state') === 'CORRUPT';
  const md5 = isLost ? '' : (textOf(latest, 'md5') ?? '').toLowerCase();
  return {
    current: parseFile(found.root, service.http.log),
    unfinished: isLost ? undefined : { md5, received: parseSize(textOf(latest, 'size')) },
  };
}

/** What is live at a path; the server tells by the root element alone (§2.2). An unfinished file counts as a file. */
export type Found =
  | { kind: 'none' /** What the trash has at that path, if anything (§2.7). */; tombstone?: XmlElement }
  | { kind: 'folder'; name: string; root: XmlElement }
  | { kind: 'file'; name: string; root: XmlElement };

/** Whether something of value has the path; an unfinished upload is no content to protect. */
export function isTaken(found: Found): boolean {
  if (found.kind !== 'file') return found.kind === 'folder';
  return found.root.children.some((child) => child.name === 'currentRevision');
}

export async function look(service: Service, path: JottaPath, signal: AbortSignal): Promise<Found> {
  let root: XmlElement;
  try {
    root = await fetchRoot(service, path, signal);
  } catch (error) {
    if (error instanceof JottaError && error.kind === 'notFound') return { kind: 'none' };
    throw error;
  }
  if (isDeleted(root)) return { kind: 'none', tombstone: root };
  const name = root.attributes.name ?? '';
  if (root.name === 'file') return { kind: 'file', name, root };
  return { kind: 'folder', name, root };
}

/** JottaError 'notFound' when a folder is there; what describes nothing of the tree says nothing about the file either. */
async function fetchFileRoot(service: Service, path: JottaPath, signal: AbortSignal): Promise<XmlElement> {
  const root = await fetchRoot(service, path, signal);
  if (root.name !== 'file') throw new JottaError('notFound', 'no file there');
  return root;
}

/** The root of a document with its listing, if it has one, thrown away entry by entry. */
async function fetchRoot(service: Service, path: JottaPath, signal: AbortSignal): Promise<XmlElement> {
  checkPath(path, 3);
  return getMetadata(service, addressOf(service, path), thingOf(service, path), signal);
}
