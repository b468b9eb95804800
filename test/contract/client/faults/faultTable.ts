import type { JottaErrorKind } from '../../../../src/jottacloud/errors.ts';
import type { FaultAction } from '../../../emulator/faults.ts';
import type { RequestKind } from '../../../emulator/stats.ts';

import { hostileFaults } from './hostileFaults.ts';

/** How the client treats a request of that kind when it fails. */
export type RequestClass =
  /** Sent again. */
  | 'repeated'
  /** Sent again, but each try may take as long as the whole call. */
  | 'listing'
  /** Both ends are looked at, then sent again if it was not done. */
  | 'settled'
  /** Sent again until the answer begins. */
  | 'streamed'
  /** Sent once: what was done nobody knows. */
  | 'single';

export const classes: Readonly<Record<RequestKind, RequestClass>> = {
  wellKnown: 'repeated',
  token: 'single',
  customer: 'repeated',
  list: 'listing',
  file: 'repeated',
  download: 'streamed',
  liststream: 'streamed',
  mkDir: 'repeated',
  dl: 'repeated',
  dlDir: 'repeated',
  rm: 'single',
  rmDir: 'single',
  mv: 'settled',
  mvDir: 'settled',
  cp: 'single',
  cphash: 'repeated',
  allocate: 'repeated',
  upload: 'single',
  purgeTrash: 'single',
  share: 'single',
  eventToken: 'repeated',
  eventSocket: 'single',
  other: 'repeated',
};

export interface Fault {
  readonly name: string;
  readonly action: FaultAction;
  /** What a call may say of it. */
  readonly kinds: readonly JottaErrorKind[];
  /** Requests that the client must survive being hit once; calls that make others may also fail as `kinds` say. */
  readonly survived: readonly RequestClass[];
  /** How it comes; absent means at one request, and from one request on. */
  readonly lasting?: false;
  /** Requests whose answers nobody can tell from true ones: what the client makes of them may be wrong. */
  readonly believed?: readonly RequestKind[];
}

const sentAgain = ['repeated', 'listing', 'settled', 'streamed'] as const;
const all = [...sentAgain, 'single'] as const;

const overload = [429, 500, 503].map((status) => ({
  name: `status ${status}`,
  action: { type: 'status', status } as const,
  kinds: ['server'] as const,
  survived: sentAgain,
}));

/** Every kind of fault of the emulator, with what the client may make of it. Total: a new kind does not compile without. */
export const faultTable: Readonly<Record<FaultAction['type'], readonly Fault[]>> = {
  status: [
    ...overload,
    {
      name: 'status 502 with the page of a proxy',
      action: { type: 'status', status: 502, body: '<html><body>Bad gateway</body></html>' },
      kinds: ['server'],
      survived: sentAgain,
    },
    // A 401 at the token endpoint is an answer, not a token that ran out; so is one to the well-known document.
    {
      name: 'status 401',
      action: { type: 'status', status: 401 },
      kinds: ['unauthorized', 'incomplete'],
      survived: ['listing', 'settled', 'streamed'],
    },
    { name: 'status 403', action: { type: 'status', status: 403 }, kinds: ['forbidden'], survived: [] },
    { name: 'status 460', action: { type: 'status', status: 460 }, kinds: ['quota'], survived: [] },
  ],
  reset: [{ name: 'reset', action: { type: 'reset' }, kinds: ['offline'], survived: sentAgain }],
  outage: [
    // Pauses take no time here, so every try falls into it.
    { name: 'network gone', action: { type: 'outage', ms: 60_000 }, kinds: ['offline'], survived: [] },
  ],
  truncate: [
    {
      name: 'cut at once',
      action: { type: 'truncate', after: 0 },
      kinds: ['offline', 'incomplete'],
      survived: sentAgain,
    },
    {
      name: 'cut after 40 bytes',
      action: { type: 'truncate', after: 40 },
      kinds: ['offline', 'incomplete'],
      survived: ['repeated', 'listing', 'settled'],
    },
    {
      name: 'end after 40 bytes, as announced',
      action: { type: 'truncate', after: 40, clean: true },
      kinds: ['protocol', 'incomplete', 'corrupt'],
      survived: ['settled'],
    },
  ],
  stall: [
    {
      name: 'silence from the start',
      action: { type: 'stall' },
      kinds: ['timeout'],
      survived: ['repeated', 'settled', 'streamed'],
    },
    {
      name: 'silence after 40 bytes',
      action: { type: 'stall', after: 40 },
      kinds: ['timeout'],
      survived: ['repeated', 'settled', 'listing'],
    },
  ],
  delay: [
    { name: 'bearable delay', action: { type: 'delay', ms: 20 }, kinds: [], survived: all },
    {
      name: 'delay beyond patience',
      action: { type: 'delay', ms: 60_000 },
      kinds: ['timeout'],
      survived: ['repeated', 'settled', 'streamed'],
    },
  ],
  slow: [{ name: 'slow line', action: { type: 'slow', bytesPerSecond: 50_000 }, kinds: [], survived: all }],
  corrupt: [
    {
      name: 'wrong byte',
      action: { type: 'corrupt' },
      kinds: ['protocol', 'corrupt'],
      survived: ['settled'],
      // A range carries no checksum (PROTOCOL.md §2.7): md5 is compared above this layer, over whole files.
      believed: ['download'],
    },
  ],
  'wrong-md5': [
    {
      name: 'wrong md5',
      action: { type: 'wrong-md5' },
      kinds: ['corrupt', 'conflict', 'notFound'],
      survived: [],
      believed: ['list', 'file', 'liststream', 'cp', 'cphash'],
    },
  ],
  duplicate: [
    { name: 'answer lost to a 500', action: { type: 'duplicate' }, kinds: ['server'], survived: sentAgain },
    {
      name: 'answer lost to a reset',
      action: { type: 'duplicate', answer: 'reset' },
      kinds: ['offline'],
      survived: sentAgain,
    },
    {
      name: 'answer lost to silence',
      action: { type: 'duplicate', answer: 'stall' },
      kinds: ['timeout'],
      survived: ['repeated', 'settled', 'streamed'],
    },
  ],
  repeat: [
    {
      name: 'work done twice',
      action: { type: 'repeat' },
      kinds: ['notFound', 'incomplete', 'conflict', 'server', 'signedOut'],
      survived: sentAgain,
    },
  ],
  'answer-twice': [
    { name: 'answer sent twice', action: { type: 'answer-twice' }, kinds: ['offline'], survived: sentAgain },
  ],
  stale: [{ name: 'old answer', action: { type: 'stale' }, kinds: ['conflict', 'notFound'], survived: [] }],
  'expire-token': [
    {
      name: 'token expired',
      action: { type: 'expire-token' },
      kinds: ['unauthorized', 'incomplete'],
      survived: sentAgain,
    },
  ],
  revoke: [{ name: 'tokens revoked', action: { type: 'revoke' }, kinds: ['signedOut'], survived: [] }],
  'expire-upload-urls': [
    {
      name: 'upload address expired',
      action: { type: 'expire-upload-urls' },
      kinds: ['incomplete'],
      survived: sentAgain,
    },
  ],
  quota: [
    { name: 'account full', action: { type: 'quota' }, kinds: ['quota'], survived: ['listing', 'settled', 'streamed'] },
  ],
  lock: [
    { name: 'locked for writing', action: { type: 'lock', write: true }, kinds: ['writeLocked'], survived: [] },
    {
      name: 'locked for reading',
      action: { type: 'lock', read: true },
      kinds: ['forbidden', 'writeLocked'],
      survived: [],
    },
  ],
  hostile: hostileFaults,
};

/** What any trouble at the token endpoint may come to besides: an answer that is lost there takes the tokens with it (§1.2). */
export const kindsAtToken: readonly JottaErrorKind[] = ['protocol', 'signedOut'];
