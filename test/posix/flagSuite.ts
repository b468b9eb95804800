import assert from 'node:assert/strict';
import { it } from 'node:test';
import { describeDisagreement, findDisagreements } from './compare.ts';
import { type FileSystemDriver, performOnce } from './driver.ts';
import { flagCombinations, prepareTarget, type Target, targets, tryFlags, whenReadOnly } from './flagTable.ts';
import type { Operation, Result } from './operations.ts';
import type { Contestants } from './suite.ts';

const all = (target: Target): Operation[] =>
  flagCombinations.flatMap((flags, index) => [...prepareTarget(target, `d${index}`), ...tryFlags(flags, `d${index}`)]);

/** One test per target: every combination of flags on it does on the volume what it does in a local folder. */
export function testFlags({ local, volume }: Contestants, chosen: readonly Target[] = targets): void {
  for (const target of chosen) {
    it(`open(2) of ${describe[target]} with every combination of flags`, async () => {
      const steps = all(target);
      assertSame(steps, await performOnce(local(), steps), await performOnce(volume(), steps));
    });
  }
}

/** The same on a volume that is read-only now and was not when `makeTargets` was performed on it. */
export function testReadOnlyFlags(local: () => FileSystemDriver, volume: () => FileSystemDriver): void {
  for (const target of targets) {
    it(`open(2) of ${describe[target]} with every combination of flags, read-only`, async () => {
      const truth = await performOnce(local(), all(target));
      const before = prepareTarget(target, '').length;
      const length = tryFlags('', '').length;
      const expected = flagCombinations.flatMap((flags, index) => {
        const start = index * (before + length) + before;
        return whenReadOnly(flags, target, truth.slice(start, start + length));
      });
      const steps = flagCombinations.flatMap((flags) => tryFlags(flags, target));
      assertSame(steps, expected, await performOnce(volume(), steps));
    });
  }
}

export const makeTargets: readonly Operation[] = targets.flatMap((target) => prepareTarget(target, target));

const describe: Record<Target, string> = {
  absent: 'what is absent',
  file: 'a file',
  folder: 'a folder',
  'link to a file': 'a symlink to a file',
  'dangling link': 'a dangling symlink',
};

function assertSame(steps: readonly Operation[], expected: readonly Result[], got: readonly Result[]): void {
  const disagreements = findDisagreements(steps, expected, got);
  const shown = disagreements.slice(0, 10).map((each) => {
    const opened = steps.slice(0, each.index + 1).findLast(({ op }) => op === 'open');
    return `after ${opened?.op === 'open' ? opened.flags : ''}\n${describeDisagreement(each)}`;
  });
  assert.equal(disagreements.length, 0, shown.join('\n'));
}
