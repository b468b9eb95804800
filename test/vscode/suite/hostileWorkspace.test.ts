import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as vscode from 'vscode';
import { connect } from './session.ts';
import { getExtension, waitFor } from './support.ts';

const { fs } = vscode.workspace;

describe('a workspace that somebody else has made', () => {
  it('sets nothing of the extension, nor how it reaches the service', async () => {
    const { properties } = getExtension().packageJSON.contributes.configuration as {
      properties: Record<string, { type: string; default: unknown }>;
    };
    const foreign: Record<string, unknown> = { 'http.proxy': 'http://127.0.0.1:9', 'http.proxyStrictSSL': false };
    for (const [name, { type }] of Object.entries(properties)) {
      foreign[name] = type === 'boolean' ? true : type === 'number' ? 77 : type === 'array' ? ['*'] : '/tmp/elsewhere';
    }
    const [folder] = vscode.workspace.workspaceFolders ?? [];
    assert.ok(folder !== undefined);
    const dir = path.join(folder.uri.fsPath, '.vscode');
    const before = new Map(Object.keys(foreign).map((name) => [name, vscode.workspace.getConfiguration().get(name)]));
    await mkdir(dir, { recursive: true });
    try {
      await writeFile(path.join(dir, 'settings.json'), JSON.stringify({ ...foreign, 'editor.tabSize': 7 }));
      await waitFor('the settings of the workspace', () => {
        return vscode.workspace.getConfiguration('editor').get('tabSize') === 7 || undefined;
      });
      for (const [name, value] of before) assert.deepEqual(vscode.workspace.getConfiguration().get(name), value, name);
    } finally {
      await rm(dir, { recursive: true });
      await waitFor('the settings of before', () => {
        return vscode.workspace.getConfiguration('editor').get('tabSize') !== 7 || undefined;
      });
    }
  });
});

describe('settings of any type', () => {
  const wrong: Readonly<Record<string, unknown>> = {
    'poll.interval': 'often',
    'cache.maxSize': {},
    'transfer.parallel': 2.5,
    'transfer.uploadLimit': 0.0001,
    'files.followOutsideLinks': 'yes',
    'files.ignoredNames': { a: 1 },
    'mount.path': 5,
    'mount.driver': ['nfs'],
    mounts: [null, 5, { path: 7 }, { path: '~/x', source: [] }],
  };
  const set = async (name: string, value: unknown) =>
    vscode.workspace.getConfiguration('jottacloud').update(name, value, vscode.ConfigurationTarget.Global);

  it('do not keep the account from being connected', async () => {
    for (const [name, value] of Object.entries(wrong)) await set(name, value);
    try {
      const { api, disconnect } = await connect();
      assert.ok(api.state().account !== null);
      await disconnect();
    } finally {
      for (const name of Object.keys(wrong)) await set(name, undefined);
    }
  });
});

describe('a jottacloud: address from anywhere', () => {
  let disconnect: () => Promise<void>;
  before(async () => {
    ({ disconnect } = await connect());
  });
  after(() => disconnect());

  it('leads nowhere but into the account', async () => {
    for (const text of [
      'jottacloud:/../../../../etc/passwd',
      'jottacloud:/Jotta/Archive/../../../../etc/passwd',
      'jottacloud:/Jotta/Archive/..%2F..%2F..%2F..%2Fetc%2Fpasswd',
      'jottacloud://127.0.0.1:9/etc/passwd',
      'jottacloud://user:secret@example.org/etc/passwd?mount=/&run=1#x',
      'jottacloud:/etc/passwd%00.txt',
      'jottacloud:/..\\..\\etc\\passwd',
      'jottacloud-version:/../../etc/passwd?1',
      'jottacloud-version:/Jotta/Archive?__proto__',
      'jottacloud-version:/Jotta/Archive?1e400',
      'jottacloud-version:/Jotta/Archive?-1',
    ]) {
      await assert.rejects(async () => fs.readFile(vscode.Uri.parse(text)), vscode.FileSystemError, text);
    }
    // Whoever it names: there is one account.
    const root = await fs.readDirectory(vscode.Uri.parse('jottacloud://example.org/Jotta/..'));
    assert.ok(root.some(([name]) => name === 'Jotta'));
  });

  it('writes nothing on this computer', async () => {
    const file = path.join(tmpdir(), `jottacloud-written-${process.pid}`);
    for (const above of ['/..', '/Jotta/Archive/../../..', '/Jotta/Archive/..%2F..%2F..']) {
      const uri = vscode.Uri.parse(`jottacloud:${above}${file}`);
      await assert.rejects(async () => fs.writeFile(uri, new Uint8Array(1)), vscode.FileSystemError, above);
      assert.ok(!existsSync(file));
    }
  });
});
