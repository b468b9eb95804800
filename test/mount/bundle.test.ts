import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { before, describe, it } from 'node:test';
import { root } from '../../tools/setup/root.ts';
import { builtDrive, ensureBuilt } from './builtDrive.ts';

describe('the bundle of the drive', () => {
  before(ensureBuilt);

  // A third of the time until a volume is usable went there: axios looks for `fetch`, and an `import` of node:http names
  // all it exports, the WebSocket of undici among them.
  it('loads no client of HTTP that it does not use', () => {
    const print = `process.on('exit', () => console.log(process.moduleLoadList.filter((name) => name.includes('undici'))))`;
    const args = ['--eval', `${print}; require(${JSON.stringify(builtDrive)})`, 'x', '--help'];
    const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    assert.match(stderr, /usage/);
    assert.equal(stdout, '[]\n');
  });

  it('is what `npm run mount` starts', (t) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'npm-run-mount-'));
    t.after(() => rmSync(folder, { recursive: true }));
    // Nobody is signed in there: the drive says so, and asks nothing of any server.
    const places = ['--mount-point', path.join(folder, 'mount'), '--state', path.join(folder, 'state')];
    const { stdout, stderr, status } = spawnSync('npm', ['run', '--silent', 'mount', '--', ...places], {
      cwd: root,
      encoding: 'utf8',
    });
    assert.match(stdout + stderr, /code=signedOut/);
    assert.equal(status, 1);
  });
});
