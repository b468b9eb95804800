import assert from 'node:assert/strict';
import { it } from 'node:test';
import { toProgramName } from '../../../src/volume/holders.ts';

it('a process that holds a volume is named by its program, and one of Node.js by what it runs', () => {
  assert.equal(toProgramName('bash', ['bash', '-i']), 'bash');
  assert.equal(
    toProgramName('node', ['/usr/bin/node', '--max-old-space-size=3072', '/opt/ts/tsserver.js']),
    'tsserver',
  );
  assert.equal(
    toProgramName('MainThread', ['/opt/code/node', '/opt/out/bootstrap-fork', '--type=fileWatcher']),
    'fileWatcher',
  );
  assert.equal(toProgramName('node', ['node']), 'node');
  assert.equal(toProgramName('', ['']), '');
});
