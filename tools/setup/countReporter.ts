import type { EventData } from 'node:test';

/** What one suite comes to; written as JSON at the end of a run, so a file that is missing means a run that died. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  /** What failed and why, in a line each: for the end of a long run, where its output is out of sight. */
  readonly failures: readonly string[];
  /** Of the tests that passed, each once, without those of the describes around them. */
  readonly passedTitles: readonly string[];
}

/** `npm test` ends with no more of a line than this. */
const longestLine = 240;

interface TestEvent {
  readonly type: string;
  readonly data: EventData.TestPass | EventData.TestFail;
}

/**
 * Reporter for `node --test` that prints one JSON `Counts`. A test that was skipped or left as todo counts as failed:
 * nothing is skipped silently. The exception is a test of another platform, whose skip reason starts with `platform:`
 * (`{ skip: process.platform !== 'darwin' && 'platform: needs macFUSE' }`).
 */
export default async function* countReporter(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  let passed = 0;
  let failed = 0;
  const failures: string[] = [];
  const titles = new Set<string>();
  for await (const { type, data } of source) {
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    const unfinished = data.todo !== undefined || (data.skip !== undefined && !isPlatformSkip(data.skip));
    // A suite counts only when it fails itself, e.g. in a hook; its tests have been counted one by one.
    const isSuite = data.details.type === 'suite';
    if (isSuite && getFailureType(data) === 'subtestsFailed') continue;
    if (type === 'test:fail' || unfinished) {
      failed += 1;
      failures.push(toLine(data.name, type === 'test:fail' ? getReason(data) : 'skipped or left as todo'));
    } else if (!isSuite && data.skip === undefined) {
      passed += 1;
      titles.add(data.name);
    }
  }
  yield JSON.stringify({ passed, failed, failures, passedTitles: [...titles] } satisfies Counts);
}

function getFailureType(data: TestEvent['data']): string | undefined {
  return 'error' in data.details ? (data.details.error as { failureType?: string }).failureType : undefined;
}

/** Of what the test threw; the runner's own error about it says nothing. */
function getReason(data: TestEvent['data']): string {
  const error = 'error' in data.details ? (data.details.error as Error) : undefined;
  return error?.cause instanceof Error ? error.cause.message : String(error?.cause ?? error?.message);
}

/** A failure in one line. */
export function toLine(name: string, reason: string): string {
  return `${name}: ${reason}`.replaceAll(/\s+/g, ' ').trim().slice(0, longestLine);
}

function isPlatformSkip(reason: string | boolean): boolean {
  return typeof reason === 'string' && reason.startsWith('platform:');
}
