import { JottaError } from './errors.ts';
import type { JottaPath } from './types.ts';

export interface Endpoints {
  /** Origin of metadata, folder commands and downloads, without a trailing slash. */
  readonly jfs: string;
  /** Origin of the JSON calls, without a trailing slash. */
  readonly api: string;
  /** Origin of the event socket, wss: or ws:, without a trailing slash. */
  readonly events: string;
}

/**
 * The service's hosts, shared by every brand (PROTOCOL.md, "Hosts"); or `endpoint` for all of them.
 * Throws JottaError 'protocol' when `endpoint` is neither https nor http on loopback.
 */
export function createEndpoints(endpoint?: string): Endpoints {
  if (endpoint === undefined || endpoint === '') {
    return {
      jfs: 'https://jfs.jottacloud.com',
      api: 'https://api.jottacloud.com',
      events: 'wss://websocket.jottacloud.com',
    };
  }
  const origin = parseSafeUrl(endpoint, 'endpoint').href.replace(/\/+$/, '');
  return { jfs: origin, api: origin, events: origin.replace(/^http/, 'ws') };
}

/** Where access tokens are sent. */
export function hostOf({ api }: Endpoints): string {
  return new URL(api).hostname;
}

export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}

/**
 * A URL to which a token may be sent: https to any host, because brands and uploads have hosts of their own; plain http
 * only on this machine, and only if `namedBy`, where the URL was learned, is there too: no server may lead us to a program
 * that runs beside us. `what` names it in the message, because the URL itself may hold a secret.
 */
export function parseSafeUrl(text: string, what: string, namedBy?: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const mayBeHere = namedBy === undefined || isLoopback(new URL(namedBy).hostname);
  const safe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname) && mayBeHere);
  if (url === undefined || !safe || url.username !== '' || url.password !== '') {
    throw new JottaError('protocol', `${what} is not an https address`);
  }
  return url;
}

/** False for what cannot be one path segment on the wire or in a file system. */
export function isUsableName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !name.includes('/') && !name.includes('\0');
}

/** Throws JottaError 'invalidName' unless each segment is usable and there are at least `minimum` of them. */
export function checkPath(path: JottaPath, minimum: number): void {
  if (path.length < minimum) throw new JottaError('invalidName', `a path needs at least ${minimum} segments`);
  for (const name of path) {
    if (!isUsableName(name) || !name.isWellFormed()) throw new JottaError('invalidName', 'unusable name in a path');
  }
}

/**
 * One segment of a URL path: percent-encoded UTF-8, everything but unreserved characters escaped, `+` included, because
 * the server form-decodes paths (PROTOCOL.md §2.1).
 */
export function escapeSegment(name: string): string {
  return encodeURIComponent(name).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** `https://…/jfs/<user>/<device>/<mountpoint>/…`; the escaped form of every segment. */
export function jfsUrl(endpoints: Endpoints, username: string, path: JottaPath, query = ''): string {
  return `${endpoints.jfs}/jfs/${[username, ...path].map(escapeSegment).join('/')}${query}`;
}

/** Value of `mv`, `mvDir` or `cp`: absolute path with user, unescaped, then form-encoded (PROTOCOL.md §2.3). */
export function targetQuery(command: 'mv' | 'mvDir' | 'cp', username: string, to: JottaPath): string {
  return `?${new URLSearchParams({ [command]: `/${[username, ...to].join('/')}` }).toString()}`;
}

/** `path` of an allocate request: raw, no user name (PROTOCOL.md §3.1). */
export function allocatePath(path: JottaPath): string {
  return `/jfs/${path.join('/')}`;
}
