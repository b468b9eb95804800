import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import * as vscode from 'vscode';
import { getStatus } from '../../../src/extension/statusBar.ts';
import { getStatusText } from '../../../src/extension/views/mountsView.ts';
import { emptyDriveState, type TransferState } from '../../../src/protocol/state.ts';
import type { ExtensionApi } from '../extension.ts';
import { acceptQuickPicks, answering, connect, intercepting, waitForServer } from './session.ts';
import { collectErrorMessages, getEnvironment, waitFor } from './support.ts';

const { fs } = vscode.workspace;
const { executeCommand } = vscode.commands;
const home = '/Jotta/Archive/mount commands';
const uriOf = (accountPath: string) => vscode.Uri.from({ scheme: 'jottacloud', path: accountPath });

interface Profile {
  readonly path: string;
  readonly source: string;
  readonly onStartup: boolean;
}
const getProfiles = () => vscode.workspace.getConfiguration('jottacloud').get<readonly Profile[]>('mounts', []);

describe('commands on mounts', () => {
  let api: ExtensionApi;
  let disconnect: () => Promise<void>;
  let mountPoint: string;

  before(async () => {
    ({ api, disconnect } = await connect());
    await fs.createDirectory(uriOf(home));
    await fs.writeFile(uriOf(`${home}/there`), Buffer.from('there'));
    await waitForServer(`${home}/there`, 'there');
  });
  after(async () => {
    if (api.state().mounts.length > 0) await executeCommand('jottacloud.unmount');
    await disconnect();
  });

  it('does nothing for a row that a redraw has taken: without it, the whole account would be mounted', async () => {
    for (const selection of [undefined, [undefined]]) {
      assert.equal(await executeCommand('jottacloud.mount', undefined, selection), undefined);
    }
    assert.deepEqual(api.state().mounts, []);
  });

  it('Mount Jottacloud Folder… asks four questions, mounts, and remembers the answers', async () => {
    await acceptQuickPicks(executeCommand('jottacloud.mountFolder', home));
    const mount = await waitFor('the mount', () => api.state().mounts.find(({ status }) => status === 'mounted'));
    mountPoint = mount.mountPoint;
    assert.equal(mount.source, home);
    assert.equal(mount.kind, 'fuse', 'the best that Linux has');
    assert.deepEqual(await readdir(mountPoint), ['there']);
    assert.deepEqual(
      getProfiles().map(({ path: file, source }) => [file, source]),
      [['~/CloudMounts/mount commands', home]],
    );
  });

  it('says where files can be made when one is made beside Archive', async () => {
    const whole = path.join(os.homedir(), 'CloudMounts', 'whole account');
    const settings = vscode.workspace.getConfiguration('jottacloud');
    await settings.update('mount.path', whole, vscode.ConfigurationTarget.Global);
    await executeCommand('jottacloud.mount');
    const messages = await collectErrorMessages(async () => {
      const edit = new vscode.WorkspaceEdit();
      edit.createFile(vscode.Uri.file(path.join(whole, 'new.txt')));
      assert.equal(await vscode.workspace.applyEdit(edit), false);
    });
    assert.ok(
      messages.some((text) => text.includes('only what is inside Archive')),
      messages.join(),
    );
    await executeCommand('jottacloud.unmount', whole);
    await settings.update('mount.path', undefined, vscode.ConfigurationTarget.Global);
  });

  it('Open Mounted Folder opens it here, … in New Window beside', async () => {
    const asked = await intercepting('vscode.openFolder', async () => {
      await executeCommand('jottacloud.openMountedFolder');
      await executeCommand('jottacloud.openMountedFolderInNewWindow', { mountPoint });
    });
    assert.deepEqual(
      asked.map(([uri, options]) => [(uri as vscode.Uri).fsPath, options]),
      [
        [mountPoint, { forceNewWindow: false }],
        [mountPoint, { forceNewWindow: true }],
      ],
    );
  });

  it('Reveal shows a file where this computer has it, and else its path', async () => {
    const shown: string[] = [];
    const told = async (id: string, argument: unknown) => {
      await answering(
        'showInformationMessage',
        (message) => {
          shown.push(String(message));
          return undefined;
        },
        () => executeCommand(id, argument),
      );
    };
    const revealed = await intercepting('revealFileInOS', async () => {
      await told('jottacloud.revealInFileManager', { mountPoint });
      await told('jottacloud.revealInFinder', `${home}/there`);
    });
    const places = [...revealed.map(([uri]) => (uri as vscode.Uri).fsPath), ...shown];
    assert.equal(places.length, 2);
    assert.ok(places[0]?.includes(mountPoint));
    assert.ok(places[1]?.includes(path.join(mountPoint, 'there')));
  });

  it('Open with Default App hands over the mounted file, and says where it is when that is another computer', async () => {
    const env = vscode.env as { openExternal: unknown };
    const original = env.openExternal;
    const opened: string[] = [];
    env.openExternal = (uri: vscode.Uri) => {
      opened.push(uri.fsPath);
      return Promise.resolve(true);
    };
    try {
      const open = () => executeCommand('jottacloud.openWithDefaultApp', `${home}/there`);
      const told = await answering('showInformationMessage', () => 'Copy Path', open);
      const copied = told.length === 0 ? [] : [await vscode.env.clipboard.readText()];
      assert.deepEqual([...opened, ...copied], [path.join(mountPoint, 'there')]);
    } finally {
      env.openExternal = original;
    }
  });

  it('Open with Default App says that what is not mounted has to be', async () => {
    const open = () => executeCommand('jottacloud.openWithDefaultApp', '/Jotta/Sync');
    const [message] = await collectErrorMessages(open);
    assert.equal(message, 'Jottacloud is not mounted. Mount it first.');
  });

  it('Mount on Startup and Do Not Mount on Startup are remembered with the mount', async () => {
    await executeCommand('jottacloud.mountOnStartup', { mountPoint });
    assert.equal(getProfiles()[0]?.onStartup, true);
    await executeCommand('jottacloud.dontMountOnStartup', { mountPoint });
    assert.equal(getProfiles()[0]?.onStartup, false);
  });

  it('Show Actions… offers the likeliest first', async () => {
    const asked = await intercepting('vscode.openFolder', () =>
      acceptQuickPicks(executeCommand('jottacloud.showActions')),
    );
    assert.deepEqual(
      asked.map(([uri]) => (uri as vscode.Uri).fsPath),
      [mountPoint],
    );
  });

  it('Install FUSE… says that FUSE is ready where it is installed', async () => {
    const asked = await answering(
      'showInformationMessage',
      () => undefined,
      () => executeCommand('jottacloud.installFuse'),
    );
    assert.match(String(asked[0]?.[0]), /FUSE is ready/);
  });

  it('the setting chooses the driver of the next mount', async () => {
    const settings = vscode.workspace.getConfiguration('jottacloud');
    await settings.update('mount.driver', 'nfs', vscode.ConfigurationTarget.Global);
    try {
      // Only an administrator of a Linux with the program for it can; anybody else is told so.
      const isPossible = process.getuid?.() === 0 && existsSync('/sbin/mount.nfs');
      const told = await waitFor('the drive to know of it', async () => {
        const messages = await collectErrorMessages(() => executeCommand('jottacloud.checkFuse'));
        return messages.length > 0 || isPossible ? messages : undefined;
      });
      if (isPossible) assert.deepEqual(told, []);
      else assert.match(String(told[0]), /cannot be mounted by NFS/);
    } finally {
      await settings.update('mount.driver', undefined, vscode.ConfigurationTarget.Global);
    }
  });

  it('the Mounts view says where macFUSE was not needed', () => {
    assert.equal(getStatusText({ status: 'mounted', kind: 'nfs' }, 'darwin'), 'mounted without macFUSE');
    assert.equal(getStatusText({ status: 'mounted', kind: 'nfs' }, 'linux'), 'mounted by NFS');
    assert.equal(getStatusText({ status: 'mounted', kind: 'fuse' }, 'darwin'), 'mounted');
  });

  it('Show Log shows the log of the drive beside that of the window', async () => {
    await executeCommand('jottacloud.showLog');
    const editor = await waitFor('the log', () => vscode.window.activeTextEditor);
    assert.equal(path.basename(editor.document.fileName), 'drive.log');
    await executeCommand('workbench.action.closeAllEditors');
    await executeCommand('workbench.action.closePanel');
  });

  it('Forget Mount takes it off the list; the volume was unmounted before', async () => {
    assert.equal(await executeCommand('jottacloud.unmount', { mountPoint }), true);
    assert.deepEqual(api.state().mounts, [], 'whoever asked knows of it at once');
    await executeCommand('jottacloud.forgetMount', { mountPoint });
    assert.deepEqual(getProfiles(), []);
  });
});

describe('the status bar', () => {
  it('counts what is on its way; what was stopped counts neither as that nor as failed', () => {
    const transfer = { kind: 'upload', bytesDone: 0, bytesTotal: 9 } as const;
    const transfers: TransferState[] = [
      { ...transfer, id: '1', status: 'running', path: '/Jotta/Archive/a' },
      { ...transfer, id: '2', status: 'failed', reason: 'stopped', path: '/Jotta/Archive/b' },
    ];
    const state = { ...emptyDriveState, pendingChanges: 1, failedChanges: 1, transfers };
    assert.deepEqual(getStatus(state).text, '$(sync~spin) Jottacloud: 1');
    assert.equal(getStatus({ ...state, pendingChanges: 0, transfers: transfers.slice(1) }).mustAct, false);
    assert.equal(getStatus({ ...state, failedChanges: 2 }).text, '$(warning) Jottacloud: 1 failed');
  });
});

describe('commands on refused changes', () => {
  let api: ExtensionApi;
  let disconnect: () => Promise<void>;

  before(async () => {
    ({ api, disconnect } = await connect());
    await fs.createDirectory(uriOf(home));
    await waitFor('an idle drive', () => api.state().pendingChanges === 0 || undefined);
    await setQuota(1);
  });
  after(async () => {
    await setQuota(null);
    await disconnect();
  });

  it('Disconnect asks first, and does nothing when it is not wanted', async () => {
    await fs.writeFile(uriOf(`${home}/refused`), Buffer.from('refused'));
    await waitFor('the refusal', () => api.state().failedChanges === 1 || undefined);
    const asked = await answering(
      'showWarningMessage',
      () => undefined,
      async () => assert.equal(await executeCommand('jottacloud.disconnect'), false),
    );
    assert.deepEqual(
      asked.map(([message]) => message),
      ['Changes that are not uploaded yet: 1.'],
    );
    assert.ok(api.state().account !== null);
  });

  it('Export a Copy… keeps it elsewhere, Discard Change… gives it up', async () => {
    const row = await waitFor('the refusal', () =>
      api.state().transfers.find(({ status }: TransferState) => status === 'failed'),
    );
    const target = path.join(await mkdtemp(path.join(os.tmpdir(), 'export-')), 'copy');
    await answering(
      'showSaveDialog',
      () => vscode.Uri.file(target),
      () => executeCommand('jottacloud.exportTransfer', { transfer: row }),
    );
    assert.equal(await readFile(target, 'utf8'), 'refused');
    const asked = await answering(
      'showWarningMessage',
      () => 'Discard',
      () => executeCommand('jottacloud.discardTransfer', { transfer: row }),
    );
    assert.equal(asked[0]?.[0], 'Discard your change to refused?');
    await waitFor('nothing refused', () => api.state().failedChanges === 0 || undefined);
    await assert.rejects(Promise.resolve(fs.stat(uriOf(`${home}/refused`))));
  });
});

async function setQuota(capacity: number | null): Promise<void> {
  const url = new URL('/_emulator/quota', getEnvironment('JOTTACLOUD_ENDPOINT'));
  const { status } = await fetch(url, { method: 'POST', body: JSON.stringify({ capacity }) });
  assert.equal(status, 200);
}
