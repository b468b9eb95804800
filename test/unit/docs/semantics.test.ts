import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { findUnproven, proofs } from '../../semantics/proofs.ts';

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

describe('SEMANTICS.md', () => {
  const operations = readOperations();

  it('has a proof for every operation, and no proof for another', () => {
    assert.deepEqual([...operations.keys()], Object.keys(proofs));
  });

  for (const [operation, entries] of operations) {
    it(`names tests for what it says of ${operation}, entry by entry`, () => {
      const known = Object.entries(proofs[operation] ?? {});
      const proven = entries.map(
        (entry) => known.filter(([beginning, titles]) => entry.startsWith(beginning) && titles.length > 0).length,
      );
      assert.deepEqual(
        entries.filter((_, index) => proven[index] !== 1),
        [],
        'entries without a proof',
      );
      assert.equal(known.length, entries.length, 'proofs of what is not said');
    });
  }
});

it('a sentence is unproven when one of its tests did not pass, also when another test has its title in its own', () => {
  const made = {
    unlink: { 'The name is gone': ['the name is gone at once'] },
    rename: { Atomic: ['is one step', 'lasts'] },
  };
  assert.deepEqual(findUnproven(made, new Set(['is one step', 'lasts', 'the name is gone at once'])), []);
  assert.deepEqual(findUnproven(made, new Set(['is one step', 'see above: the name is gone at once'])), [
    'unlink: “The name is gone …”: no test passed that is named “the name is gone at once”',
    'rename: “Atomic …”: no test passed that is named “lasts”',
  ]);
});
