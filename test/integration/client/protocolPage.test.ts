import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { it } from 'node:test';
import { root } from '../../../tools/setup/root.ts';
import { quirkTable } from '../../emulator/quirks.ts';

const page = readFileSync(path.join(root, 'docs/PROTOCOL.md'), 'utf8');
const sections = new Set(Array.from(page.matchAll(/^##+ (\d+(?:\.\d+)?)\.? /gm), ([, number]) => number));

it('every section of PROTOCOL.md that the code cites is there', () => {
  const cited = globSync('{src,test}/**/*.ts', { cwd: root }).flatMap((file) => {
    const text = readFileSync(path.join(root, file), 'utf8');
    return Array.from(text.matchAll(/PROTOCOL\.md §(\d+(?:\.\d+)?)/g), ([, number]) => ({ file, number }));
  });
  assert.ok(cited.length > 100);
  assert.deepEqual(
    cited.filter(({ number }) => !sections.has(number)),
    [],
  );
});

it('PROTOCOL.md names every switch of the emulator where it tells of a guess', () => {
  const unnamed = Object.keys(quirkTable).filter((quirk) => !page.includes(`\`${quirk}\``));
  assert.deepEqual(unnamed, []);
});
