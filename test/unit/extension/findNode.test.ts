import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findNode, type Host, isMacTooOld } from '../../../src/extension/drive/findNode.ts';

const windowsNode = 'C:\\Program Files\\nodejs\\node.exe';
/** A desktop VS Code whose Node.js has what the drive needs. */
const windows: Host = {
  platform: 'win32',
  arch: 'x64',
  release: '10.0.26100',
  env: { PATH: 'tools;C:\\Windows\\system32;C:\\Program Files\\nodejs' },
  execPath: 'C:\\Code\\Code.exe',
  isElectron: true,
  hasNeeded: true,
  exists: () => false,
  isCapable: () => assert.fail('nobody else is asked'),
};
const linux: Host = {
  ...windows,
  platform: 'linux',
  env: { PATH: '/usr/bin' },
  execPath: '/code/node',
  isElectron: false,
};

describe('the Node.js that runs the drive', () => {
  it('is the one in the package, whatever else there is', () => {
    const exists = (file: string) => file === '/ext/runtime/node';
    assert.deepEqual(findNode('/ext', { ...linux, exists }), { file: '/ext/runtime/node', env: {} });
    const program = findNode('C:\\ext', { ...windows, exists: (file) => file === 'C:\\ext\\runtime\\node.exe' });
    assert.deepEqual(program, { file: 'C:\\ext\\runtime\\node.exe', env: {} });
  });

  it('is that of the extension host without one, which a desktop window must be told to be', () => {
    assert.deepEqual(findNode('/ext', linux), { file: '/code/node', env: {} });
    assert.deepEqual(findNode('C:\\ext', windows), { file: 'C:\\Code\\Code.exe', env: { ELECTRON_RUN_AS_NODE: '1' } });
  });

  it('is that of a terminal where the extension host lacks what the drive needs', () => {
    const asked: string[] = [];
    const host: Host = {
      ...windows,
      hasNeeded: false,
      // One in the folder that happens to be the current one is not looked at.
      exists: (file) => file === windowsNode || file === 'tools\\node.exe' || file === 'node.exe',
      isCapable: (node) => asked.push(node) > 0,
    };
    assert.deepEqual(findNode('C:\\ext', host), { file: windowsNode, env: {} });
    assert.deepEqual(asked, [windowsNode]);
  });

  it('is missing where that one lacks it too, or is not there', () => {
    const old: Host = { ...windows, hasNeeded: false, exists: (file) => file === windowsNode, isCapable: () => false };
    assert.throws(() => findNode('C:\\ext', old), { code: 'nodeMissing' });
    assert.throws(() => findNode('C:\\ext', { ...old, exists: () => false }), { code: 'nodeMissing' });
    assert.throws(() => findNode('C:\\ext', { ...old, env: {} }), { code: 'nodeMissing' });
  });

  it('is not started on a macOS that it was not made for', () => {
    assert.ok(isMacTooOld('21.6.0'), 'macOS 12');
    assert.ok(isMacTooOld('22.5.0'), 'macOS 13.4');
    assert.ok(!isMacTooOld('22.6.0'), 'macOS 13.5');
    assert.ok(!isMacTooOld('25.0.0'), 'macOS 26');
    const mac: Host = { ...linux, platform: 'darwin', release: '21.6.0' };
    assert.throws(() => findNode('/ext', mac), { code: 'unsupported' });
  });
});
