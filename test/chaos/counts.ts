/** What was done to the drive, for the summary. */
export interface Counts {
  rounds: number;
  operations: number;
  kills: number;
  powerCuts: number;
  /** Kills that ended the drive only once its FUSE connection was aborted. */
  hungDeaths: number;
  stops: number;
  ejects: number;
  /** Requests that were hit, by kind of fault. */
  readonly faults: Map<string, number>;
  /** Requests of windows, by method; apart those that were called off in time. */
  readonly requests: Map<string, number>;
  /** Other disturbances, by name. */
  readonly disturbances: Map<string, number>;
  remoteEdits: number;
  rcloneEdits: number;
  conflictCopies: number;
  outOfSpace: number;
  /** Changes the server refused, which a retry then carried out. */
  refused: number;
  /** Open files that a rename was to replace, gone from their place by a crash in the middle. */
  hiddenVictims: number;
  /** Files whose path and bytes were checked exactly at the end of a round, and those that another device had a hand in. */
  exactFiles: number;
  contestedFiles: number;
  /** Staging files of unacknowledged saves that were set aside. */
  setAside: number;
}

export function newCounts(): Counts {
  const numbers = {
    rounds: 0,
    operations: 0,
    kills: 0,
    powerCuts: 0,
    hungDeaths: 0,
    stops: 0,
    ejects: 0,
    remoteEdits: 0,
    rcloneEdits: 0,
  };
  const results = {
    conflictCopies: 0,
    outOfSpace: 0,
    refused: 0,
    setAside: 0,
    hiddenVictims: 0,
    exactFiles: 0,
    contestedFiles: 0,
  };
  return { ...numbers, ...results, faults: new Map(), requests: new Map(), disturbances: new Map() };
}

export function add(counts: Map<string, number>, key: string, number = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + number);
}

export function formatCounts({ faults, requests, disturbances, ...numbers }: Counts): string {
  const list = (map: ReadonlyMap<string, number>) =>
    [...map]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, count]) => `${key} ${count}`)
      .join(', ');
  const plain = Object.entries(numbers).map(([key, count]) => `${key} ${count}`);
  const lines = [
    plain.join(', '),
    `requests of windows ${sumOf(requests)}: ${list(requests)}`,
    `faults ${sumOf(faults)}: ${list(faults)}`,
    `disturbances: ${list(disturbances)}`,
  ];
  return lines.join('\n');
}

/** One line, for whoever waits. */
export function formatProgress({ rounds, kills, faults }: Counts): string {
  return `${rounds} rounds, ${kills} kills, ${sumOf(faults)} faults`;
}

function sumOf(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((total, count) => total + count, 0);
}
