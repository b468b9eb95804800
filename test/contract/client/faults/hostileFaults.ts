import { type HostileVariant, hostileVariants } from '../../../emulator/hostile.ts';
import { type RequestKind, requestKinds } from '../../../emulator/stats.ts';
import type { Fault } from './faultTable.ts';

/**
 * Whether an answer can be told from a true one. A document of the right form that says something else cannot: what is in it
 * is believed, as far as it is usable at all.
 */
const credible: Readonly<Record<HostileVariant, boolean>> = {
  huge: false,
  empty: false,
  html: false,
  'other-format': false,
  'wrong-root': false,
  'cut-document': false,
  'bad-utf8': true,
  'entity-bomb': false,
  'external-entity': false,
  deep: false,
  'long-name': true,
  'name-slash': true,
  'name-nul': true,
  'name-dot-dot': true,
  'name-control': true,
  'name-empty': true,
  'name-twice': true,
  'negative-size': true,
  'huge-size': true,
  'bad-time': true,
  'bad-counts': true,
  'bad-url': true,
};

/** Where a credible document still contradicts itself, or asks for what no client may do. */
const incredibleAt: Partial<Readonly<Record<HostileVariant, readonly RequestKind[]>>> = {
  'bad-counts': ['liststream', 'allocate'],
  'negative-size': ['allocate'],
  'huge-size': ['allocate'],
  'bad-url': ['allocate', 'wellKnown'],
  'name-empty': ['allocate', 'token'],
};

/** Answers that no client should believe: at worst they are believed, but nothing is done that nobody asked for. */
export const hostileFaults: readonly Fault[] = hostileVariants.map((variant) => ({
  name: `hostile answer ${variant}`,
  // Four times what the client of these tests takes.
  action: { type: 'hostile', variant, bytes: 1024 * 1024 },
  kinds: ['protocol', 'incomplete', 'corrupt', 'notFound', 'conflict', 'offline'],
  survived: [],
  lasting: false,
  believed: credible[variant] ? requestKinds.filter((kind) => !incredibleAt[variant]?.includes(kind)) : [],
}));
