import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { root } from '../../../tools/setup/root.ts';

// What the documents name is there: files, functions and links.

const documents = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', ...globSync('docs/*.md', { cwd: root })];
const files = globSync(['{src,test,tools,docs,media,l10n,.github,.vscode}/**', '*'], { cwd: root }).map((file) =>
  file.split(path.sep).join('/'),
);

/** A file is named by its path, or by as much of the end of it as tells which. */
const find = (name: string) => files.filter((file) => file === name || file.endsWith(`/${name}`));

describe('the documents', () => {
  for (const document of documents) {
    const text = readFileSync(path.join(root, document), 'utf8');

    it(`${document} names files that exist`, () => {
      const spans = [...text.matchAll(/`([\w@./*-]+)`/g)].map(([, span = '']) => span);
      const isPath = (span: string) => /\.(ts|mjs|json)$/.test(span) || /^(src|test|tools|docs)\//.test(span);
      const isMade = (span: string) => /^(dist\/|(settings|live-findings|tokens)\.json|drive\.cjs)/.test(span);
      const missing = spans.filter((span) => isPath(span) && !isMade(span)).filter((span) => !exists(span));
      assert.deepEqual(missing, []);
    });

    it(`${document} names functions that are in the files it says`, () => {
      const pairs = text.matchAll(/`([\w./-]+\.ts)` ([a-z]+[A-Z]\w*)/g);
      const missing = [...pairs].filter(
        ([, file = '', name = '']) =>
          !find(file).some((found) => readFileSync(path.join(root, found), 'utf8').includes(name)),
      );
      assert.deepEqual(
        missing.map(([pair]) => pair),
        [],
      );
    });

    it(`${document} links to files that exist`, () => {
      const targets = [...text.matchAll(/\]\(([^)#:\s]+)(?:#[^)]*)?\)/g)].map(([, target = '']) => target);
      const folder = path.dirname(path.join(root, document));
      assert.deepEqual(
        targets.filter((target) => !existsSync(path.resolve(folder, target))),
        [],
      );
    });
  }
});

function exists(span: string): boolean {
  const name = span.replace(/\/$/, '');
  if (name.includes('*')) return globSync([name, `src/${name}`], { cwd: root }).length > 0;
  return find(name).length > 0;
}
