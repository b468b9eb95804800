import type { FaultAction, FaultType } from '../emulator/faultActions.ts';
import type { FaultRule } from '../emulator/faults.ts';
import type { HostileVariant } from '../emulator/hostile.ts';
import type { RequestKind } from '../emulator/stats.ts';
import type { Random } from './random.ts';

export interface FaultSample {
  readonly rule: FaultRule;
  /**
   * The answer is wrong and nothing tells: what the drive makes of it is then its best guess. While such a fault is on,
   * only the loss of bytes is checked.
   */
  readonly lies: boolean;
}

/** Answers that no parser takes for a document; the other variants are believable listings. */
const unbelievable: readonly HostileVariant[] = [
  'empty',
  'html',
  'other-format',
  'wrong-root',
  'cut-document',
  'entity-bomb',
  'external-entity',
  'deep',
];
const believable: readonly HostileVariant[] = [
  'bad-utf8',
  'name-slash',
  'name-twice',
  'negative-size',
  'huge-size',
  'bad-time',
];

const anywhere: readonly RequestKind[] = [
  'list',
  'file',
  'download',
  'mkDir',
  'dl',
  'dlDir',
  'mv',
  'mvDir',
  'cphash',
  'allocate',
  'upload',
  'token',
];
const changing: readonly RequestKind[] = ['mkDir', 'dl', 'dlDir', 'mv', 'mvDir', 'cphash', 'allocate', 'upload'];

interface Recipe {
  readonly make: (random: Random) => FaultAction;
  /** Requests it may strike. */
  readonly kinds: readonly RequestKind[];
  readonly lies?: boolean;
}

/** One entry for every fault the emulator knows: a new one does not compile until it is thought about here. */
const recipes: Record<FaultType, readonly Recipe[]> = {
  status: [
    { make: ({ pick }) => ({ type: 'status', status: pick([500, 502, 503, 504, 429]) }), kinds: anywhere },
    { make: ({ pick }) => ({ type: 'status', status: pick([401, 403, 400]) }), kinds: changing },
    { make: () => ({ type: 'status', status: 460 }), kinds: ['allocate', 'upload'] },
    { make: () => ({ type: 'status', status: 404 }), kinds: anywhere, lies: true },
  ],
  reset: [{ make: () => ({ type: 'reset' }), kinds: anywhere }],
  truncate: [
    { make: (random) => ({ type: 'truncate', after: random.int(0, 3_000) }), kinds: anywhere },
    { make: (random) => ({ type: 'truncate', after: random.int(0, 900), clean: true }), kinds: ['list', 'download'] },
  ],
  stall: [
    { make: (random) => ({ type: 'stall', after: random.int(0, 2_000) }), kinds: ['upload', 'download', 'list'] },
  ],
  delay: [{ make: (random) => ({ type: 'delay', ms: random.int(50, 1_500) }), kinds: anywhere }],
  slow: [
    {
      make: (random) => ({ type: 'slow', bytesPerSecond: random.int(20_000, 500_000) }),
      kinds: ['upload', 'download'],
    },
  ],
  corrupt: [{ make: () => ({ type: 'corrupt' }), kinds: ['list', 'upload', 'download', 'file'] }],
  'wrong-md5': [{ make: () => ({ type: 'wrong-md5' }), kinds: ['list', 'file', 'allocate', 'upload'], lies: true }],
  duplicate: [
    { make: ({ pick }) => ({ type: 'duplicate', answer: pick([500, 503] as const) }), kinds: changing },
    { make: () => ({ type: 'duplicate', answer: 'reset' }), kinds: changing },
  ],
  repeat: [{ make: () => ({ type: 'repeat' }), kinds: changing }],
  'answer-twice': [{ make: () => ({ type: 'answer-twice' }), kinds: anywhere }],
  stale: [{ make: () => ({ type: 'stale' }), kinds: ['list', 'file'], lies: true }],
  'expire-token': [{ make: () => ({ type: 'expire-token' }), kinds: anywhere }],
  revoke: [{ make: () => ({ type: 'revoke' }), kinds: ['list', 'allocate'] }],
  'expire-upload-urls': [{ make: () => ({ type: 'expire-upload-urls' }), kinds: ['upload'] }],
  quota: [{ make: () => ({ type: 'quota' }), kinds: ['allocate'] }],
  lock: [{ make: () => ({ type: 'lock', write: true }), kinds: changing }],
  outage: [{ make: (random) => ({ type: 'outage', ms: random.int(200, 3_000) }), kinds: anywhere }],
  hostile: [
    { make: ({ pick }) => ({ type: 'hostile', variant: pick(unbelievable) }), kinds: ['list', 'file', 'allocate'] },
    { make: ({ pick }) => ({ type: 'hostile', variant: pick(believable) }), kinds: ['list'], lies: true },
  ],
};

/** Kinds that need a new sign-in afterwards are rarer, so that the rest is not spent signed out. */
const rare: ReadonlySet<FaultType> = new Set(['revoke']);

/** A rule of any kind, striking one or a few requests of one kind. */
export function sampleFault(random: Random, mayLie: boolean): FaultSample {
  const types = Object.keys(recipes) as FaultType[];
  for (;;) {
    const type = random.weighted(types.map((each) => [rare.has(each) ? 0.15 : 1, each] as const));
    const recipe = random.pick(recipes[type]);
    if (recipe.lies === true && !mayLie) continue;
    const rule: FaultRule = {
      match: { kind: random.pick(recipe.kinds) },
      nth: random.int(1, 2),
      times: random.weighted([
        [5, 1],
        [4, 3],
        [1, 20],
      ]),
      action: recipe.make(random),
    };
    return { rule, lies: recipe.lies === true };
  }
}
