import { parseTime } from '../times.ts';
import { parseJsonObject } from '../transport/body.ts';
import type { JottaPath } from '../types.ts';
import { isUsableName } from '../urls.ts';

/**
 * What an event says is at a place now. `unknown`: something happened there, but what it left is not said.
 * Nothing of it is to be believed: it only tells where to look.
 */
export interface ServerEvent {
  /** At least a device; wire names. */
  readonly path: JottaPath;
  readonly state: ServerEventState;
  /** 32 hex digits, lower case; of a file only. */
  readonly md5: string | undefined;
  /** Epoch seconds; 0 = unknown. */
  readonly modified: number;
}
export type ServerEventState = 'file' | 'folder' | 'gone' | 'unknown';

export type ServerFrame =
  | { readonly kind: 'subscribed' }
  | { readonly kind: 'pong' }
  | { readonly kind: 'event'; readonly sightings: readonly ServerEvent[] };

interface Outcome {
  readonly FROM?: ServerEventState;
  readonly TO?: ServerEventState;
}

/** What each `ST` leaves at the places `FROM` and `TO` (PROTOCOL.md §4, "Events"). */
const outcomes: ReadonlyMap<string, Outcome> = new Map<string, Outcome>([
  ['NEW_UPLOAD', { FROM: 'file' }],
  ['RESTORE', { FROM: 'file' }],
  ['MOVE', { FROM: 'gone', TO: 'file' }],
  ['DELETE', { FROM: 'gone' }],
  ['HARD_DELETE_FILE', { FROM: 'gone' }],
  ['CREATE_DIR', { FROM: 'folder' }],
  ['MOVE_DIR', { FROM: 'gone', TO: 'folder' }],
  ['DELETE_DIR', { FROM: 'gone' }],
  ['HARD_DELETE_DIR', { FROM: 'gone' }],
  ['CREATE_DEVICE', { FROM: 'folder' }],
  ['DELETE_DEVICE', { FROM: 'gone' }],
  ['CREATE_MP', { FROM: 'folder' }],
  ['RESTORE_MP', { FROM: 'folder' }],
  ['DELETE_MP', { FROM: 'gone' }],
  // A public link changes nothing that a listing shows.
  ['SHARE_FILE', {}],
  ['UNSHARE_FILE', {}],
]);
/** Types nobody has described yet still say where something happened. */
const undescribed: Outcome = { FROM: 'unknown', TO: 'unknown' };

/** Deeper than any path a file system would take. */
const maxDepth = 512;

/**
 * One text frame of the event socket (PROTOCOL.md §4). undefined for what is none of the three known shapes, and
 * for an event without a place in `username`'s own tree. The caller bounds the length.
 */
export function parseServerFrame(text: string, username: string): ServerFrame | undefined {
  const frame = parseJsonObject(text);
  if (frame === undefined) return undefined;
  if (isObject(frame.EVENT)) return parseEvent(frame.EVENT, username);
  if (isObject(frame.SUBSCRIBE)) return { kind: 'subscribed' };
  return typeof frame.PONG === 'string' ? { kind: 'pong' } : undefined;
}

function parseEvent({ ST, D }: Readonly<Record<string, unknown>>, username: string): ServerFrame | undefined {
  if (typeof ST !== 'string' || !isObject(D)) return undefined;
  const places = (['FROM', 'TO'] as const).flatMap((side) => {
    const path = parsePath(D[side], username);
    return path === undefined ? [] : [{ side, path }];
  });
  if (places.length === 0) return undefined;
  const outcome = outcomes.get(ST) ?? undescribed;
  const sightings = places.flatMap(({ side, path }) => {
    const state = outcome[side];
    return state === undefined ? [] : [toServerEvent(path, state, D)];
  });
  return { kind: 'event', sightings };
}

function toServerEvent(path: JottaPath, state: ServerEventState, D: Readonly<Record<string, unknown>>): ServerEvent {
  if (state !== 'file') return { path, state, md5: undefined, modified: 0 };
  const md5 = typeof D.md5 === 'string' && /^[0-9a-f]{32}$/i.test(D.md5) ? D.md5.toLowerCase() : undefined;
  const modified = parseTime(typeof D.modified === 'string' ? D.modified : undefined);
  return { path, state: md5 === undefined ? 'unknown' : 'file', md5, modified };
}

/** `/user/device/mountpoint/…`, unescaped; undefined unless it is a usable path of this user. */
function parsePath(value: unknown, username: string): JottaPath | undefined {
  if (typeof value !== 'string' || !value.startsWith('/') || !value.isWellFormed()) return undefined;
  const [user, ...path] = value.slice(1).split('/', maxDepth + 1);
  if (path.at(-1) === '') path.pop();
  if (user?.toLowerCase() !== username.toLowerCase() || path.length === 0 || path.length >= maxDepth) return undefined;
  return path.every(isUsableName) ? path : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
