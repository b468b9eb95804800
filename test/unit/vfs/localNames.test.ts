import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { defaultLocalNames, LocalNames } from '../../../src/vfs/localNames.ts';

describe('names that stay on this computer', () => {
  it('are those of systems and editors, in any case, and no others', () => {
    const names = new LocalNames(defaultLocalNames);
    for (const name of [
      '.DS_Store',
      '.ds_store',
      '._a.txt',
      'Icon\r',
      '.~lock.a.odt#',
      '~$a.docx',
      '.#a.txt',
      '..DS_Store.x',
    ]) {
      assert.equal(names.matches(name), true, name);
    }
    for (const name of ['DS_Store', 'a._b', 'Icon', 'lock.a', 'a~$', '#a#', '.env', '.git', 'xDS_Store']) {
      assert.equal(names.matches(name), false, name);
    }
  });

  it('are what the setting offers by default', () => {
    const manifest = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
    assert.deepEqual(
      manifest.contributes.configuration.properties['jottacloud.files.ignoredNames'].default,
      defaultLocalNames,
    );
  });

  it('are told from others in no time, whatever the pattern', () => {
    const names = new LocalNames(['*a*a*a*a*a*a*a*a*a*a*b', 'x*yx', 'ab*ab']);
    const from = performance.now();
    assert.equal(names.matches('a'.repeat(255)), false);
    assert.ok(performance.now() - from < 1_000, `${performance.now() - from} ms`);
    assert.deepEqual(
      [`${'a'.repeat(254)}b`, 'xyx', 'xyxyx', 'xyxy', 'ab', 'abab', 'ab\nab'].map((name) => names.matches(name)),
      [true, true, true, false, false, true, true],
    );
  });

  it('take nothing but the star for a pattern, and change live', () => {
    const names = new LocalNames(['a.b', '[x]*(1)', '']);
    assert.deepEqual(
      ['a.b', 'aXb', '[x] copy (1)', 'x(1)', ''].map((name) => names.matches(name)),
      [true, false, true, false, false],
    );
    names.replace(['*.log']);
    assert.deepEqual([names.matches('a.b'), names.matches('Server.LOG')], [false, true]);
  });
});
