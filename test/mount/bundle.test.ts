import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { before, describe, it } from 'node:test';
import { root } from '../../tools/setup/root.ts';

describe('the bundle of the drive', () => {
  before(() => {
    if (existsSync(path.join(root, 'dist', 'headless.cjs'))) return;
    assert.equal(spawnSync('npm', ['run', '--silent', 'build:drive'], { cwd: root }).status, 0);
  });

  // A third of the time until a volume is usable went there: axios looks for `fetch`, and an `import` of node:http names
  // all it exports, the WebSocket of undici among them.
  it('loads no client of HTTP that it does not use', () => {
    const print = `process.on('exit', () => console.log(process.moduleLoadList.filter((name) => name.includes('undici'))))`;
    const args = [
      '--eval',
      `${print}; require(${JSON.stringify(path.join(root, 'dist', 'headless.cjs'))})`,
      'x',
      '--help',
    ];
    const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    assert.match(stderr, /usage/);
    assert.equal(stdout, '[]\n');
  });
});
