import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import { realmOf, tokenEndpoint, wellKnownEndpoint } from './brands.ts';
import type { Context } from './context.ts';
import { PlainError } from './errors.ts';
import { isTokenPath } from './eventSocket.ts';
import type { Quirks } from './quirks.ts';
import type { RequestKind } from './stats.ts';
import { resolve } from './tree.ts';
import { uploadAt } from './uploads.ts';

/** A request, understood as far as its line and headers go. */
export interface Call {
  kind: RequestKind;
  method: string;
  /** Decoded path and query, for fault rules; for an upload with the path it is meant for. */
  path: string;
  /** Path as sent, without query. */
  rawPath: string;
  /** For `/jfs/<user>/…`: who and `[device, mountpoint, …]`, decoded. */
  user: string | undefined;
  segments: string[];
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  /** Origin the request came to; URLs in replies stay on it. */
  origin: string;
}

const postCommands = ['mkDir', 'dlDir', 'dl', 'rmDir', 'rm', 'mvDir', 'mv', 'cphash', 'cp'] as const;

/** Reads a request line. A malformed percent escape becomes a Call whose `failure` is the plain-text 400 of §2.9. */
export function parseCall(context: Context, request: IncomingMessage): { call: Call; failure: unknown } {
  const url = request.url ?? '/';
  const cut = url.indexOf('?');
  const rawPath = cut < 0 ? url : url.slice(0, cut);
  const query = new URLSearchParams(cut < 0 ? '' : url.slice(cut + 1));
  const scheme = request.socket instanceof TLSSocket ? 'https' : 'http';
  const origin = `${scheme}://${request.headers.host ?? 'localhost'}`;
  const method = request.method ?? 'GET';
  const base = { method, rawPath, query, headers: request.headers, origin };
  try {
    const decoded = decodeSegments(rawPath, context.quirks);
    const [first, user, ...segments] = decoded;
    const own = first === 'jfs' ? { user, segments } : { user: undefined, segments: decoded };
    const call: Call = { ...base, ...own, kind: 'other', path: describe(context, rawPath, decoded, query) };
    call.kind = kindOf(context, call);
    return { call, failure: undefined };
  } catch (failure) {
    return { call: { ...base, user: undefined, segments: [], kind: 'other', path: url }, failure };
  }
}

function decodeSegments(rawPath: string, quirks: Quirks): string[] {
  return rawPath
    .split('/')
    .filter(Boolean)
    .map((segment) => {
      try {
        return decodeURIComponent(
          segment.includes('+') && quirks.plusInPath === 'space' ? segment.replaceAll('+', ' ') : segment,
        );
      } catch {
        throw new PlainError(400, 'Bad request');
      }
    });
}

function describe(context: Context, rawPath: string, decoded: string[], query: URLSearchParams): string {
  const parts = [...query].map(([name, value]) => `${name}=${value}`);
  const path = `/${decoded.join('/')}${parts.length ? `?${parts.join('&')}` : ''}`;
  const upload = rawPath.startsWith('/upload/') ? uploadAt(context, decoded[1] ?? '')?.upload : undefined;
  return upload ? `${path} /${upload.target.join('/')}` : path;
}

/** The command of a POST on jfs, by its query (PROTOCOL.md §2.3). */
export function commandOf(call: Call): (typeof postCommands)[number] | undefined {
  return postCommands.find((name) => call.query.has(name));
}

/** An upload to the path itself, with the bytes as the body or in a form (§3.4). */
export function isOldUpload(call: Call): boolean {
  if (call.method !== 'POST' || call.user === undefined || commandOf(call) !== undefined) return false;
  return call.query.get('umode') === 'nomultipart' || /multipart\/form-data/.test(call.headers['content-type'] ?? '');
}

function kindOf(context: Context, call: Call): RequestKind {
  const endpoint = realmOf(call.rawPath)?.endpoint;
  if (endpoint === wellKnownEndpoint) return 'wellKnown';
  if (endpoint === tokenEndpoint) return 'token';
  if (call.rawPath === '/account/v1/customer') return 'customer';
  if (call.rawPath === '/files/v1/allocate') return 'allocate';
  if (call.rawPath === '/files/v1/purge_trash') return 'purgeTrash';
  if (call.rawPath.startsWith('/upload/')) return 'upload';
  if (isTokenPath(call.rawPath)) return 'eventToken';
  if (call.user === undefined) return 'other';
  if (isOldUpload(call)) return 'upload';
  if (call.method === 'POST') return commandOf(call) ?? 'other';
  const mode = call.query.get('mode');
  if (mode === 'bin' || mode === 'thumb') return 'download';
  if (mode === 'liststream') return 'liststream';
  if (mode === 'enableShare' || mode === 'disableShare') return 'share';
  const thing = resolve(context.account, call.segments);
  const kind = thing?.kind ?? (call.segments.length > 2 ? 'file' : 'folder');
  return kind === 'file' ? 'file' : 'list';
}
