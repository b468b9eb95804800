import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { PosixCase } from './cases/case.ts';
import { posixCases } from './cases/cases.ts';
import { describeDisagreement, findDisagreements } from './compare.ts';
import { bindingDifferences, differences } from './differences.ts';
import { type FileSystemDriver, performOnce } from './driver.ts';
import type { Result } from './operations.ts';

/** Drivers made before the tests run, hence functions. */
export interface Contestants {
  readonly local: () => FileSystemDriver;
  readonly volume: () => FileSystemDriver;
  /** Does the libfuse binding serve the volume? */
  readonly binding?: boolean;
}

/** One test per case: the volume answers as a local folder does, or as the table of differences says. */
export function testCases({ local, volume, binding = false }: Contestants, isFor: (each: PosixCase) => boolean): void {
  for (const [topic, cases] of Object.entries(posixCases)) {
    describe(topic, () => {
      for (const each of cases.filter(isFor)) {
        it(each.name, async () => {
          const expected = applyDifference(each, binding, await performOnce(local(), each.steps));
          const got = await performOnce(volume(), each.steps);
          const disagreements = findDisagreements(each.steps, expected, got);
          assert.equal(disagreements.length, 0, disagreements.map(describeDisagreement).join('\n'));
        });
      }
    });
  }
}

function applyDifference({ name }: PosixCase, binding: boolean, truth: readonly Result[]): Result[] {
  const answers = (binding ? bindingDifferences[name] : undefined)?.answers ?? differences[name]?.answers ?? {};
  return truth.map((result, index) => answers[index] ?? result);
}

/** The table holds nothing without a case, and nothing that SEMANTICS.md does not say. */
export function testDifferences(): void {
  const names = new Set(Object.values(posixCases).flatMap((cases) => cases.map(({ name }) => name)));
  const semantics = squeeze(readFileSync(new URL('../../docs/SEMANTICS.md', import.meta.url), 'utf8'));
  for (const [name, { because }] of [...Object.entries(differences), ...Object.entries(bindingDifferences)]) {
    it(`SEMANTICS.md says why the volume is unlike a local folder: ${name}`, () => {
      assert.ok(names.has(name), 'there is no such case');
      assert.ok(semantics.includes(squeeze(because)), `SEMANTICS.md does not say: ${because}`);
    });
  }
}

const squeeze = (text: string) => text.replace(/\s+/g, ' ');
