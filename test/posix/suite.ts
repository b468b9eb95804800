import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { PosixCase } from './cases/case.ts';
import { posixCases } from './cases/cases.ts';
import { describeDisagreement, findDisagreements } from './compare.ts';
import { bindingDifferences, type Differences, differences } from './differences.ts';
import { type FileSystemDriver, performOnce } from './driver.ts';
import { macGaps } from './macGaps.ts';
import { nfsDifferences, nfsGaps } from './nfsDifferences.ts';
import type { Result } from './operations.ts';

/** Drivers made before the tests run, hence functions. */
export interface Contestants {
  readonly local: () => FileSystemDriver;
  readonly volume: () => FileSystemDriver;
  /** What this volume alone answers otherwise. */
  readonly ownDifferences?: Differences;
}

/**
 * One test per case: the volume answers as a local folder does, or as the table of differences says. `getGap` tells why a case is
 * none for this computer, and the test is skipped with that.
 */
export function testCases(
  contestants: Contestants,
  isFor: (each: PosixCase) => boolean,
  getGap: (each: PosixCase) => string | undefined = () => undefined,
): void {
  const { local, volume, ownDifferences = {} } = contestants;
  for (const [topic, cases] of Object.entries(posixCases)) {
    describe(topic, () => {
      for (const each of cases.filter(isFor)) {
        it(each.name, { skip: getGap(each) ?? false }, async () => {
          const expected = applyDifference(each, ownDifferences, await performOnce(local(), each.steps));
          const got = await performOnce(volume(), each.steps);
          const disagreements = findDisagreements(each.steps, expected, got);
          assert.equal(disagreements.length, 0, disagreements.map(describeDisagreement).join('\n'));
        });
      }
    });
  }
}

function applyDifference({ name }: PosixCase, own: Differences, truth: readonly Result[]): Result[] {
  const { answers = {} } = own[name] ?? differences[name] ?? {};
  return truth.map((result, index) => answers[index] ?? result);
}

/** The tables hold nothing without a case, and nothing that SEMANTICS.md does not say. */
export function testDifferences(): void {
  const cases = Object.values(posixCases).flat();
  const names = new Set(cases.map(({ name }) => name));
  const semantics = squeeze(readFileSync(new URL('../../docs/SEMANTICS.md', import.meta.url), 'utf8'));
  const tables = [differences, bindingDifferences, nfsDifferences];
  for (const [name, { because }] of tables.flatMap((table) => Object.entries(table))) {
    it(`SEMANTICS.md says why the volume is unlike a local folder: ${name}`, () => {
      assert.ok(names.has(name), 'there is no such case');
      assert.ok(semantics.includes(squeeze(because)), `SEMANTICS.md does not say: ${because}`);
    });
  }
  for (const { because, has } of nfsGaps) {
    it(`SEMANTICS.md says what a volume does not do by NFS: ${because}`, () => {
      assert.ok(cases.some(has), 'there is no such case');
      assert.ok(semantics.includes(squeeze(because)), `SEMANTICS.md does not say: ${because}`);
    });
  }
  for (const { because, has } of macGaps) it(`a case shows that ${because}`, () => assert.ok(cases.some(has)));
}

const squeeze = (text: string) => text.replace(/\s+/g, ' ');
