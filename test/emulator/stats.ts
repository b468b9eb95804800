export const requestKinds = [
  'wellKnown',
  'token',
  'customer',
  'list',
  'file',
  'download',
  'liststream',
  'mkDir',
  'dl',
  'dlDir',
  'rm',
  'rmDir',
  'mv',
  'mvDir',
  'cp',
  'cphash',
  'allocate',
  'upload',
  'purgeTrash',
  'share',
  'eventToken',
  'eventSocket',
  'other',
] as const;

export type RequestKind = (typeof requestKinds)[number];

const reading: ReadonlySet<RequestKind> = new Set([
  'wellKnown',
  'token',
  'customer',
  'list',
  'file',
  'download',
  'liststream',
  'eventToken',
  'eventSocket',
  'other',
]);

export interface Stats {
  /** Requests by kind; kinds without requests are absent. */
  requests: Partial<Record<RequestKind, number>>;
  /** Requests that change the account: everything but reads and sign-in. */
  mutating: number;
  /** Bytes of request bodies read. */
  bytesIn: number;
  /** Bytes of response bodies written. */
  bytesOut: number;
  /** Connections of clients; one that asked `/_emulator/`, or whose request is never going to be answered, is not counted. */
  openConnections: number;
}

export interface StatsKeeper {
  count(kind: RequestKind): void;
  bytes(way: 'in' | 'out', bytes: number): void;
  connections(change: number): void;
  report(): Stats;
  /** Zeroes everything but the open connections. */
  reset(): void;
}

export function keepStats(): StatsKeeper {
  let stats: Stats = { requests: {}, mutating: 0, bytesIn: 0, bytesOut: 0, openConnections: 0 };
  return {
    count(kind) {
      stats.requests[kind] = (stats.requests[kind] ?? 0) + 1;
      if (!reading.has(kind)) stats.mutating++;
    },
    bytes(way, bytes) {
      if (way === 'in') stats.bytesIn += bytes;
      else stats.bytesOut += bytes;
    },
    connections(change) {
      stats.openConnections += change;
    },
    report: () => structuredClone(stats),
    reset() {
      stats = { requests: {}, mutating: 0, bytesIn: 0, bytesOut: 0, openConnections: stats.openConnections };
    },
  };
}
