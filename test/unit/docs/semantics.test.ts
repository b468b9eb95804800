import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { proofs } from './semanticsProofs.ts';

const here = import.meta.dirname;

/** Operation → its entries, each on one line. */
function readOperations(): Map<string, string[]> {
  const text = readFileSync(`${here}/../../../docs/SEMANTICS.md`, 'utf8');
  const chapter = /\n## Operations\n(.*?)\n## /s.exec(text)?.[1] ?? '';
  const parts = chapter.split('\n### ').slice(1);
  return new Map(
    parts.map((part) => {
      const [operation = '', ...entries] = part.split(/\n+- |\n\n/);
      return [
        operation.trim(),
        entries.map((entry) => entry.replace(/\s+/g, ' ')).filter((entry) => entry !== ' ' && entry !== ''),
      ];
    }),
  );
}

function readTests(): string {
  const files = globSync('**/*.ts', { cwd: `${here}/../..` }).filter((file) => !file.endsWith('semanticsProofs.ts'));
  return files
    .map((file) => readFileSync(`${here}/../../${file}`, 'utf8'))
    .join('\n')
    .replaceAll("\\'", "'");
}

describe('SEMANTICS.md', () => {
  const operations = readOperations();
  const tests = readTests();

  it('has a proof for every operation, and no proof for another', () => {
    assert.deepEqual([...operations.keys()], Object.keys(proofs));
  });

  for (const [operation, entries] of operations) {
    it(`says of ${operation} what tests prove, entry by entry`, () => {
      const known = Object.entries(proofs[operation] ?? {});
      const proven = entries.map((entry) => known.filter(([beginning]) => entry.startsWith(beginning)).length);
      assert.deepEqual(
        entries.filter((_, index) => proven[index] !== 1),
        [],
        'entries without a proof',
      );
      assert.equal(known.length, entries.length, 'proofs of what is not said');
      for (const title of known.flatMap(([, titles]) => titles)) assert.ok(tests.includes(title), `no test: ${title}`);
    });
  }
});
