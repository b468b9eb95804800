import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { listFiles, PackageManager } from '@vscode/vsce';
import { makePackage } from '../../../tools/setup/packages/make.ts';
import { findFaults } from '../../../tools/setup/packages/verify.ts';
import { readZip } from '../../../tools/setup/packages/zip.ts';
import { root } from '../../../tools/setup/root.ts';

// `npm run package -- --all --verify` does the same for the packages of every target, which takes minutes and a network.

describe('a package', () => {
  let dir: string;
  const make = async (target: 'universal' | 'linux-x64', withRuntime: boolean) => {
    const file = path.join(dir, `${target}.vsix`);
    await makePackage(target, file, { withRuntime });
    return file;
  };

  before(async () => {
    dir = await mkdtemp(path.join(os.tmpdir(), 'packages-'));
    const isBuilt = existsSync(path.join(root, 'dist', 'uninstall.cjs'));
    if (!isBuilt) await promisify(execFile)('npm', ['run', '--silent', 'build'], { cwd: root });
  });
  after(() => rm(dir, { recursive: true }));

  it('for every computer holds what runs anywhere and nothing else', async () => {
    const file = await make('universal', false);
    assert.deepEqual(await findFaults(file, 'universal'), []);
    const faults = await findFaults(file, 'darwin-arm64');
    assert.ok(faults.includes('runtime/node is missing'));
    assert.ok(faults.includes('VS Code takes it for every platform'));
  });

  it('holds what vsce takes by .vscodeignore, and the notices of licenses', async () => {
    const entries = readZip(await readFile(path.join(dir, 'universal.vsix'))).map(({ name }) => name);
    const names = entries
      .filter((name) => name.startsWith('extension/'))
      .map((name) => name.slice('extension/'.length));
    const byVsce = await listFiles({ cwd: root, packageManager: PackageManager.None });
    // A package has these three by other names.
    const renamed = { 'README.md': 'readme.md', 'CHANGELOG.md': 'changelog.md', LICENSE: 'LICENSE.txt' };
    const expected = byVsce.map((name) => renamed[name as keyof typeof renamed] ?? name);
    assert.deepEqual(names.sort(), [...expected, 'ThirdPartyNotices.txt'].sort());
  });

  it('without its runtime is found out, and so is one for another computer', async () => {
    const file = await make('linux-x64', false);
    assert.deepEqual(await findFaults(file, 'linux-x64'), ['runtime/node is missing']);
    const faults = await findFaults(file, 'universal');
    assert.ok(faults.includes('VS Code takes it for linux-x64'));
    assert.ok(faults.some((fault) => fault.endsWith('.node is machine code of linux-x64')));
  });

  it('names the licenses of what it was bundled from and of what it ships', async () => {
    const entries = readZip(await readFile(path.join(dir, 'linux-x64.vsix')));
    const notices =
      entries
        .find(({ name }) => name === 'extension/ThirdPartyNotices.txt')
        ?.read()
        .toString() ?? '';
    for (const name of ['axios', 'vscode-jsonrpc', 'ws', 'fuse-napi', '@napi-rs/keyring', 'node-gyp-build']) {
      assert.match(notices, new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\(`, 'm'), name);
    }
  });
});
