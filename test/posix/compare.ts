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
  return `${index}: ${describeOperation(operation)}\n   expected ${showResult(expected)}\n   got      ${showResult(got)}`;
}

export function showResult(result: Result | undefined): string {
  if (result === undefined) return 'nothing';
  return 'error' in result ? result.error : JSON.stringify(result.value);
}
