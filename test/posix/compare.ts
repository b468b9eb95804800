import { isDeepStrictEqual } from 'node:util';
import { describeOperation, type Operation, type Result } from './operations.ts';

/** Where two file systems that did the same disagree. */
export interface Disagreement {
  readonly index: number;
  readonly operation: Operation;
  readonly expected: Result;
  readonly got: Result | undefined;
}

export function findDisagreements(
  operations: readonly Operation[],
  expected: readonly Result[],
  got: readonly Result[],
): Disagreement[] {
  const all = operations.map((operation, index) => ({
    index,
    operation,
    expected: expected[index] as Result,
    got: got[index],
  }));
  return all.filter(({ expected: wanted, got: given }) => !isDeepStrictEqual(wanted, given));
}

/** For a person: what was done, what should have come, what came. */
export function describeDisagreement({ index, operation, expected, got }: Disagreement): string {
  const [wanted, given] = [showLines(expected, got), showLines(got, expected)];
  return `${index}: ${describeOperation(operation)}\n   expected ${wanted}\n   got      ${given}`;
}

/** What each of two lists has alone; undefined when they are the same. */
export function describeLists(expected: readonly string[], got: readonly string[]): string | undefined {
  const missing = expected.filter((line) => !got.includes(line));
  const extra = got.filter((line) => !expected.includes(line));
  if (missing.length === 0 && extra.length === 0 && expected.length === got.length) return undefined;
  return [...missing.map((line) => `missing: ${line}`), ...extra.map((line) => `extra:   ${line}`)].join('\n');
}

/** Of a long list only what the other has not. */
function showLines(result: Result | undefined, other: Result | undefined): string {
  const lines = getLines(result);
  const others = getLines(other);
  if (lines === undefined || others === undefined || lines.length < 8) return showResult(result);
  return `… ${JSON.stringify(lines.filter((line) => !others.includes(line)))} …`;
}

function getLines(result: Result | undefined): unknown[] | undefined {
  return result !== undefined && 'value' in result && Array.isArray(result.value) ? result.value : undefined;
}

export function showResult(result: Result | undefined): string {
  if (result === undefined) return 'nothing';
  return 'error' in result ? result.error : JSON.stringify(result.value);
}
