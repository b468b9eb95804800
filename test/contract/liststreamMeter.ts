import { JottacloudClient } from '../../src/jottacloud/client.ts';
import { isJottaError, type JottaErrorKind } from '../../src/jottacloud/errors.ts';
import { createEndpoints } from '../../src/jottacloud/urls.ts';
import { makeTokens } from '../support/tokens.ts';

/** What one pass over a recursive listing took. Memory in bytes. */
export interface MeterReport {
  entries: number;
  folders: number;
  files: number;
  ms: number;
  /** Most that was alive after a collection, above the start. */
  liveHeap: number;
  /** Most the process held, Node itself included. */
  resident: number;
  failure: JottaErrorKind | null;
}

/** Between two looks at the live heap; each costs a full collection. */
const lookEvery = 10_000;

const url = process.argv[2] ?? '';
const tokens = makeTokens(url);
const vault = { saveTokens: async () => {} };
const client = new JottacloudClient({ endpoints: createEndpoints(url), tokens, vault, userAgent: 'meter' });

const heapNow = (): number => {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
};
const report: MeterReport = {
  entries: 0,
  folders: 0,
  files: 0,
  ms: 0,
  liveHeap: 0,
  resident: 0,
  failure: null,
};
const heapAtStart = heapNow();
let looking = 0;
const startedAt = performance.now();
try {
  for await (const entry of client.liststream(['Jotta', 'Archive'], new AbortController().signal)) {
    report.entries += 1;
    if (entry.kind === 'folder') report.folders += 1;
    else report.files += 1;
    if (report.entries % lookEvery !== 0) continue;
    const lookedAt = performance.now();
    report.liveHeap = Math.max(report.liveHeap, heapNow() - heapAtStart);
    report.resident = Math.max(report.resident, process.memoryUsage().rss);
    looking += performance.now() - lookedAt;
  }
} catch (error) {
  report.failure = isJottaError(error) ? error.kind : null;
  if (report.failure === null) throw error;
}
report.ms = performance.now() - startedAt - looking;
client.close();
process.stdout.write(JSON.stringify(report));
