import { JottaError } from '../errors.ts';
import { fetchElements, placeOf } from '../listing/elements.ts';
import { look } from '../listing/listings.ts';
import { isDeleted } from '../listing/parseFile.ts';
import { textOf, type XmlElement } from '../listing/xml.ts';
import { addressOf, type Service, sendAuthorized } from '../service.ts';
import { thingOf } from '../transport/roots.ts';
import type { JottaPath } from '../types.ts';
import { checkPath } from '../urls.ts';

/** Where public pages are, whatever the brand (PROTOCOL.md §2.10). */
const publicHost = 'https://www.jottacloud.com';

/** The public page of a file or folder; undefined when it is not shared. 'notFound' when nothing live is there. */
export async function fetchShare(service: Service, path: JottaPath, signal: AbortSignal): Promise<string | undefined> {
  checkPath(path, 3);
  const root = await fetchLive(service, path, signal);
  return linkOf(root, service.tokens.username);
}

/** The view of what is shared; the device segment is required (PROTOCOL.md §2.5). */
const linksView: JottaPath = ['Jotta', 'Links'];

/** All files that have a public page. The service lists no folders there. */
export async function fetchShared(service: Service, signal: AbortSignal): Promise<JottaPath[]> {
  const elements = await fetchElements(service, linksView, signal);
  const live = elements.filter((element) => !isDeleted(element));
  return live.flatMap((element) => [placeOf(element, service.tokens.username)].filter((path) => path !== undefined));
}

/** Makes the public page, or answers the one there is. Sent once: it is a GET that changes things (§2.10). */
export async function enableShare(service: Service, path: JottaPath, signal: AbortSignal): Promise<string> {
  const root = await sendShare(service, path, 'enableShare', signal);
  const link = linkOf(root, service.tokens.username);
  if (link === undefined) throw new JottaError('protocol', 'the server made no link');
  return link;
}

/** Ends it; fine when there is none. */
export async function disableShare(service: Service, path: JottaPath, signal: AbortSignal): Promise<void> {
  const root = await sendShare(service, path, 'disableShare', signal);
  if (linkOf(root, service.tokens.username) !== undefined) throw new JottaError('protocol', 'the link is still there');
}

async function sendShare(
  service: Service,
  path: JottaPath,
  mode: 'enableShare' | 'disableShare',
  signal: AbortSignal,
): Promise<XmlElement> {
  checkPath(path, 3);
  const { commandFirstByteMs: firstByteMs } = service.http.limits;
  const request = { method: 'GET' as const, ...addressOf(service, path, `?mode=${mode}`), firstByteMs };
  const root = await thingOf(service, path)(await sendAuthorized(service, request, signal));
  if (isDeleted(root)) throw new JottaError('notFound', 'it is in the trash');
  return root;
}

async function fetchLive(service: Service, path: JottaPath, signal: AbortSignal): Promise<XmlElement> {
  const found = await look(service, path, signal);
  if (found.kind === 'none') throw new JottaError('notFound', 'nothing live is there');
  return found.root;
}

function linkOf(root: XmlElement, username: string): string | undefined {
  const page = textOf(root, 'publicSharePath') ?? '';
  if (/^\/s\/[\w-]+$/.test(page)) return publicHost + page;
  const uri = textOf(root, 'publicURI') ?? '';
  if (!/^[\w-]+$/.test(uri)) return undefined;
  return `${publicHost}/opin/io/downloadPublic/${encodeURIComponent(username)}/${uri}`;
}
