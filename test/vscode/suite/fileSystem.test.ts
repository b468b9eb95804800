import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { connect, waitForServer } from './session.ts';
import { collectErrorMessages, getEnvironment, waitFor } from './support.ts';

const { fs } = vscode.workspace;
const home = '/Jotta/Archive/virtual files';
const uriOf = (path: string) => vscode.Uri.from({ scheme: 'jottacloud', path });
const inHome = (name: string) => uriOf(`${home}/${name}`);
const bytes = (text: string) => new TextEncoder().encode(text);
const textOf = async (uri: vscode.Uri) => new TextDecoder().decode(await fs.readFile(uri));

/** The error kinds that VS Code knows. */
async function fails(code: string, work: PromiseLike<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    assert.ok(error instanceof vscode.FileSystemError, String(error));
    assert.equal(error.code, code, String(error));
    return;
  }
  assert.fail(`expected ${code}`);
}

/** Ends by itself: this process cannot reach the emulator meanwhile either. */
async function goOffline(ms: number): Promise<void> {
  const url = new URL('/_emulator/outage', getEnvironment('JOTTACLOUD_ENDPOINT'));
  assert.equal((await fetch(url, { method: 'POST', body: JSON.stringify({ ms }) })).status, 200);
}

async function isServerThere(): Promise<boolean> {
  return fetch(getEnvironment('JOTTACLOUD_ENDPOINT')).then(
    () => true,
    () => false,
  );
}

describe('the virtual file system, without a mount', () => {
  let disconnect: () => Promise<void>;
  let pending: () => number;
  let health: () => string;

  before(async () => {
    const session = await connect();
    disconnect = session.disconnect;
    health = () => session.api.state().health;
    pending = () => session.api.state().pendingChanges;
    await fs.createDirectory(uriOf(home));
  });
  after(() => disconnect());

  it('shows the account from its root', async () => {
    assert.equal((await fs.stat(uriOf('/'))).type, vscode.FileType.Directory);
    assert.deepEqual(
      (await fs.readDirectory(uriOf('/'))).filter(([name]) => name === 'Jotta'),
      [['Jotta', vscode.FileType.Directory]],
    );
    const names = (await fs.readDirectory(uriOf('/Jotta'))).map(([name]) => name);
    assert.ok(names.includes('Archive'));
    assert.ok(!names.includes('Trash'));
  });

  it('says of a file that is not here and cannot be fetched what that means, where an editor is to show it', async () => {
    const name = '/Jotta/Archive/five thousand/picture 7.jpg';
    await fs.stat(uriOf(name));
    await goOffline(28_000);
    await collectErrorMessages(async (shown) => {
      await vscode.commands.executeCommand('vscode.openWith', uriOf(name), 'default');
      const says = (text: string) => text.includes('picture 7.jpg is not on this computer');
      await waitFor('the reason', () => shown.some(says) || undefined);
      await waitFor('the network', async () => ((await isServerThere()) && health() === 'ok') || undefined);
    });
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  });

  it('writes, reads and tells about a file, whose bytes arrive on the server', async () => {
    const uri = inHome('æøå & co.txt');
    await fs.writeFile(uri, bytes('first'));
    assert.equal(await textOf(uri), 'first');
    const { type, size, mtime } = await fs.stat(uri);
    assert.deepEqual([type, size], [vscode.FileType.File, 5]);
    assert.ok(Math.abs(mtime - Date.now()) < 60_000);
    await fs.writeFile(uri, bytes('second'));
    assert.equal(await textOf(inHome('ÆØÅ & CO.txt')), 'second');
    await waitForServer(`${home}/æøå & co.txt`, 'second');
  });

  it('takes and gives back a file of many megabytes', async () => {
    const big = new Uint8Array(9_500_001).map((_, index) => (index * 31) % 251);
    await fs.writeFile(inHome('big.bin'), big);
    assert.deepEqual(Buffer.compare(await fs.readFile(inHome('big.bin')), big), 0);
    await fs.delete(inHome('big.bin'));
  });

  it('fails with the errors that VS Code tells apart', async () => {
    await fs.writeFile(inHome('file'), bytes('x'));
    await fails('FileNotFound', fs.stat(inHome('none')));
    await fails('FileNotFound', fs.readFile(inHome('none/deeper')));
    await fails('FileNotFound', fs.delete(inHome('none')));
    await fails('FileIsADirectory', fs.readFile(uriOf(home)));
    await fails('FileNotADirectory', fs.readDirectory(inHome('file')));
    await fs.writeFile(inHome('other'), bytes('y'));
    await fails('FileExists', fs.copy(inHome('file'), inHome('OTHER'), { overwrite: false }));
    await fails('FileExists', fs.rename(inHome('file'), inHome('other'), { overwrite: false }));
    await fails('NoPermissions', fs.writeFile(uriOf('/Jotta/new.txt'), bytes('x')));
    await fails('NoPermissions', fs.delete(uriOf('/Jotta/Archive'), { recursive: true }));
    assert.equal((await fs.stat(uriOf('/Jotta'))).permissions, vscode.FilePermission.Readonly);
  });

  it('renames, moves and copies files and folders', async () => {
    await fs.createDirectory(inHome('tree/inner'));
    await fs.writeFile(inHome('tree/inner/a'), bytes('a'));
    await fs.copy(inHome('tree'), inHome('tree copy'));
    await fs.rename(inHome('tree'), inHome('moved'));
    await fs.rename(inHome('moved/inner/a'), inHome('moved/b'));
    await fs.writeFile(inHome('c'), bytes('c'));
    await fs.copy(inHome('moved/b'), inHome('c'), { overwrite: true });
    assert.equal(await textOf(inHome('c')), 'a');
    assert.equal(await textOf(inHome('tree copy/inner/a')), 'a');
    await fails('FileNotFound', fs.stat(inHome('tree')));
    await waitForServer(`${home}/moved/b`, 'a');
    await waitForServer(`${home}/tree copy/inner/a`, 'a');
  });

  it('moves what is deleted to the trash, folders with all they hold', async () => {
    await fs.createDirectory(inHome('gone'));
    await fs.writeFile(inHome('gone/x'), bytes('x'));
    await waitForServer(`${home}/gone/x`, 'x');
    await fs.delete(inHome('gone'), { recursive: true });
    await fails('FileNotFound', fs.stat(inHome('gone/x')));
    await waitForServer(`${home}/gone/x`, undefined);
  });

  it('tells watchers what came, changed and went', async () => {
    await fs.createDirectory(inHome('watched'));
    await fs.readDirectory(inHome('watched'));
    const pattern = new vscode.RelativePattern(inHome('watched'), '**');
    const watcher = vscode.workspace.createFileSystemWatcher(pattern);
    const told: string[] = [];
    const note = (what: string) => (uri: vscode.Uri) => told.push(`${what} ${uri.path.slice(home.length + 1)}`);
    const listeners = [
      watcher.onDidCreate(note('created')),
      watcher.onDidChange(note('changed')),
      watcher.onDidDelete(note('deleted')),
    ];
    try {
      const [first, second] = [inHome('watched/a'), inHome('watched/b')];
      await fs.writeFile(first, bytes('one'));
      await waitFor('its creation', () => told.includes('created watched/a') || undefined);
      await fs.writeFile(first, bytes('longer'));
      await waitFor('its change', () => told.includes('changed watched/a') || undefined);
      await fs.rename(first, second);
      await waitFor('its new name', () => told.includes('created watched/b') || undefined);
      await waitFor('the end of the old one', () => told.includes('deleted watched/a') || undefined);
    } finally {
      vscode.Disposable.from(watcher, ...listeners).dispose();
    }
  });

  it('opens in an editor, which saves', async () => {
    const uri = inHome('edited.md');
    await fs.writeFile(uri, bytes('# one\n'));
    const opened = await vscode.commands.executeCommand<vscode.Uri>('jottacloud.open', uri.path);
    assert.equal(opened.toString(), uri.toString());
    const editor = await waitFor('the editor', () =>
      vscode.window.visibleTextEditors.find(({ document }) => document.uri.toString() === uri.toString()),
    );
    await editor.edit((edit) => edit.insert(new vscode.Position(1, 0), 'two\n'));
    assert.equal(await editor.document.save(), true);
    assert.equal(await textOf(uri), '# one\ntwo\n');
    await waitForServer(uri.path, '# one\ntwo\n');
    await waitFor('an idle drive', () => pending() === 0 || undefined);
  });
});

describe('the virtual file system, signed out', () => {
  it('says that it is unavailable, and starts nothing', async () => {
    await fails('Unavailable', fs.readDirectory(uriOf('/')));
  });
});
