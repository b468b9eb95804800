import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import * as vscode from 'vscode';
import type { ExtensionApi } from '../extension.ts';
import { acceptQuickPicks, answering, connect, intercepting, waitForServer } from './session.ts';
import { collectErrorMessages, waitFor } from './support.ts';

const { fs } = vscode.workspace;
const { executeCommand } = vscode.commands;
const home = '/Jotta/Archive/commands';
const uriOf = (accountPath: string) => vscode.Uri.from({ scheme: 'jottacloud', path: accountPath });
const save = (name: string, text: string) => fs.writeFile(uriOf(`${home}/${name}`), new TextEncoder().encode(text));
const textOf = async (name: string) => new TextDecoder().decode(await fs.readFile(uriOf(`${home}/${name}`)));
const namesIn = async (name: string) =>
  (await fs.readDirectory(uriOf(`${home}${name}`))).map(([entry]) => entry).sort();
/** As the tree calls a command: the row, then all selected ones. */
const row = (name: string, kind = 'file') => ({ kind: 'entry', entry: { path: `${home}/${name}`, kind } });

describe('commands on files', () => {
  let api: ExtensionApi;
  let disconnect: () => Promise<void>;
  let local: string;

  before(async () => {
    ({ api, disconnect } = await connect());
    local = await mkdtemp(path.join(os.tmpdir(), 'files-'));
    await fs.createDirectory(uriOf(home));
  });
  after(async () => {
    await disconnect();
    await rm(local, { recursive: true, force: true });
  });

  it('New Folder… makes the folder that is named', async () => {
    await answering(
      'showInputBox',
      () => 'made here',
      async () => assert.equal(await executeCommand('jottacloud.newFolder', home), `${home}/made here`),
    );
    assert.ok((await namesIn('')).includes('made here'));
  });

  it('New File… makes an empty file and opens it', async () => {
    await answering(
      'showInputBox',
      () => 'new here.md',
      async () => assert.equal(await executeCommand('jottacloud.newFile', home), `${home}/new here.md`),
    );
    const { document } = await waitFor('the editor', () => vscode.window.activeTextEditor);
    assert.equal(document.uri.path, `${home}/new here.md`);
    await executeCommand('jottacloud.openToSide', row('new here.md'));
    await waitFor('a second group', () => vscode.window.tabGroups.all.length > 1 || undefined);
    await executeCommand('workbench.action.closeAllEditors');
  });

  it('Cut, Copy, Paste and Duplicate move and copy rows; a name that is taken is numbered', async () => {
    for (const name of ['c1', 'c2']) await save(name, name);
    await fs.createDirectory(uriOf(`${home}/pasted`));
    const rows = [row('c1'), row('c2')];
    await executeCommand('jottacloud.copy', rows[0], rows);
    assert.deepEqual(await executeCommand('jottacloud.paste', row('pasted', 'folder')), [
      `${home}/pasted/c1`,
      `${home}/pasted/c2`,
    ]);
    assert.deepEqual(await executeCommand('jottacloud.paste', row('c1')), [`${home}/c1 (2)`, `${home}/c2 (2)`]);
    assert.deepEqual(await executeCommand('jottacloud.duplicate', row('c1')), [`${home}/c1 (3)`]);
    await executeCommand('jottacloud.cut', row('c1 (3)'));
    assert.equal(await textOf('c1 (3)'), 'c1', 'cutting alone moves nothing');
    assert.deepEqual(await executeCommand('jottacloud.paste', row('pasted', 'folder')), [`${home}/pasted/c1 (3)`]);
    assert.equal(await textOf('pasted/c1 (3)'), 'c1');
    assert.ok(!(await namesIn('')).includes('c1 (3)'));
    assert.equal(await executeCommand('jottacloud.paste', row('pasted', 'folder')), undefined, 'it is moved once');
  });

  it('Keep Mine and Keep Theirs end a conflict, and lose neither version', async () => {
    for (const name of ['mine', 'theirs']) {
      await save(`${name}.txt`, 'of another device');
      await save(`${name} (conflicted copy host 2026-11-29).txt`, 'of this computer');
      await waitForServer(`${home}/${name}.txt`, 'of another device');
    }
    assert.equal(await executeCommand('jottacloud.keepMine', row('mine (conflicted copy host 2026-11-29).txt')), true);
    assert.equal(await textOf('mine.txt'), 'of this computer');
    const theirs = row('theirs (conflicted copy host 2026-11-29).txt');
    assert.equal(await executeCommand('jottacloud.compareConflict', theirs), true);
    assert.equal(await executeCommand('jottacloud.keepTheirs', theirs), true);
    assert.equal(await textOf('theirs.txt'), 'of another device');
    assert.deepEqual(
      (await namesIn('')).filter((name) => name.includes('conflicted')),
      [],
    );
    assert.equal(await executeCommand('jottacloud.keepMine', row('mine.txt')), false);
    await executeCommand('workbench.action.closeAllEditors');
  });

  it('New Folder… says when the name is taken', async () => {
    const messages = await collectErrorMessages(() =>
      answering(
        'showInputBox',
        () => 'MADE here',
        () => executeCommand('jottacloud.newFolder', row('', 'folder')),
      ),
    );
    assert.equal(messages.length, 1);
    assert.ok((messages[0] ?? '').includes('MADE here'), messages.join());
  });

  it('Rename… gives a new name, of which the stem is proposed for typing over', async () => {
    await save('old.txt', 'x');
    const [asked] = await answering(
      'showInputBox',
      () => 'new.txt',
      async () => assert.equal(await executeCommand('jottacloud.rename', row('old.txt')), `${home}/new.txt`),
    );
    const [{ value, valueSelection, validateInput }] = asked as [vscode.InputBoxOptions];
    assert.deepEqual([value, valueSelection], ['old.txt', [0, 3]]);
    assert.notEqual(validateInput?.('a/b'), undefined);
    assert.equal(validateInput?.('a b'), undefined);
    assert.equal(await textOf('new.txt'), 'x');
  });

  it('Delete asks first, then moves all selected rows to the trash', async () => {
    for (const name of ['d1', 'd2']) await save(name, name);
    const rows = [row('d1'), row('d2')];
    await answering(
      'showWarningMessage',
      () => undefined,
      async () => assert.equal(await executeCommand('jottacloud.delete', rows[0], rows), false),
    );
    assert.equal(await textOf('d1'), 'd1');
    await answering(
      'showWarningMessage',
      (_text, _options, move) => move,
      async () => assert.equal(await executeCommand('jottacloud.delete', rows[0], rows), true),
    );
    assert.deepEqual(
      (await namesIn('')).filter((name) => name.startsWith('d')),
      [],
    );
    await waitForServer(`${home}/d1`, undefined);
  });

  it('Delete can be undone from its message', async () => {
    await save('undone', 'undone');
    await waitForServer(`${home}/undone`, 'undone');
    const [told] = await answering(
      'showInformationMessage',
      (_text, undo) => undo,
      async () => {
        await answering(
          'showWarningMessage',
          (_text, _options, move) => move,
          () => executeCommand('jottacloud.delete', row('undone')),
        );
        await waitFor('it is back', async () => ((await namesIn('')).includes('undone') ? true : undefined));
      },
    );
    assert.deepEqual(told, ['Moved undone to the trash.', 'Undo']);
    assert.equal(await textOf('undone'), 'undone');
  });

  it('Upload Files… takes the files that are chosen, and asks where a name is taken', async () => {
    const file = path.join(local, 'up.txt');
    await writeFile(file, 'from this computer');
    const upload = () =>
      answering(
        'showOpenDialog',
        () => [vscode.Uri.file(file)],
        () => executeCommand('jottacloud.uploadFiles', home),
      );
    await upload();
    await waitForServer(`${home}/up.txt`, 'from this computer');
    await answering('showWarningMessage', (_text, _options, _replace, keepBoth) => keepBoth, upload);
    assert.equal(await textOf('up (2).txt'), 'from this computer');
    await writeFile(file, 'newer');
    await answering('showWarningMessage', (_text, _options, replace) => replace, upload);
    assert.equal(await textOf('up.txt'), 'newer');
    assert.ok(!(await namesIn('')).includes('up (3).txt'));
  });

  it('Download… saves files and folders in the folder that is chosen', async () => {
    await fs.createDirectory(uriOf(`${home}/down/inner`));
    await save('down/inner/a.txt', 'content');
    const target = path.join(local, 'target');
    await mkdir(target);
    await answering(
      'showOpenDialog',
      () => [vscode.Uri.file(target)],
      async () => {
        assert.deepEqual(await executeCommand('jottacloud.download', row('down', 'folder')), [
          path.join(target, 'down'),
        ]);
      },
    );
    assert.equal(await readFile(path.join(target, 'down', 'inner', 'a.txt'), 'utf8'), 'content');
  });

  it('Keep Offline keeps a folder here, Free Up Space and Remove Offline Copy give its room back', async () => {
    await fs.createDirectory(uriOf(`${home}/kept`));
    await save('kept/a', 'kept');
    await save('free', 'may go');
    await waitForServer(`${home}/kept/a`, 'kept');
    await waitForServer(`${home}/free`, 'may go');
    assert.equal(await executeCommand('jottacloud.keepOffline', row('kept', 'folder')), true);
    assert.ok(((await executeCommand<number>('jottacloud.freeUpSpace')) ?? 0) >= 6);
    assert.equal(await executeCommand<number>('jottacloud.freeUpSpace'), 0);
    const messages = await collectErrorMessages(() => executeCommand('jottacloud.removeOfflineCopy', row('kept/a')));
    assert.ok((messages[0] ?? '').includes(`${home}/kept`), messages.join());
    // What its files took of the disk.
    assert.equal(await executeCommand<number>('jottacloud.removeOfflineCopy', row('kept', 'folder')), 4096);
    assert.equal(await textOf('kept/a'), 'kept');
  });

  it('Copy Public Link asks once, then takes the link there is, until it is removed', async () => {
    await save('shared.txt', 'public');
    await waitForServer(`${home}/shared.txt`, 'public');
    const copy = () => executeCommand<string>('jottacloud.copyPublicLink', row('shared.txt'));
    let link = '';
    const asked = await answering(
      'showWarningMessage',
      (_text, _options, create) => create,
      async () => {
        link = await copy();
        assert.equal(await copy(), link);
      },
    );
    assert.equal(asked.length, 1);
    assert.match(link, /^https:\/\/www\.jottacloud\.com\/s\//);
    assert.equal(await vscode.env.clipboard.readText(), link);
    const remove = () => executeCommand('jottacloud.removePublicLink', row('shared.txt'));
    await answering(
      'showWarningMessage',
      () => undefined,
      async () => assert.equal(await remove(), false),
    );
    assert.equal(await copy(), link);
    const [question] = await answering(
      'showWarningMessage',
      (_text, _options, remove) => remove,
      async () => assert.equal(await remove(), true),
    );
    assert.equal(question?.[0], 'Remove the public link of shared.txt?');
    assert.equal(await remove(), false);
  });

  it('Version History… shows a version beside the current one, and Restore Version… brings it back', async () => {
    for (const text of ['one\n', 'two\n']) {
      await save('v.txt', text);
      await waitForServer(`${home}/v.txt`, text);
    }
    const shown = executeCommand<number>('jottacloud.showVersions', row('v.txt'));
    await acceptQuickPicks(shown);
    assert.equal(await shown, 1);
    const diff = await waitFor('the diff', () => {
      const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
      return input instanceof vscode.TabInputTextDiff ? input : undefined;
    });
    assert.equal(diff.original.scheme, 'jottacloud-version');
    assert.equal(diff.modified.path, `${home}/v.txt`);
    const old = await vscode.workspace.openTextDocument(diff.original);
    assert.equal(old.getText(), 'one\n');
    await assert.rejects(Promise.resolve(fs.writeFile(diff.original, new Uint8Array())));
    await answering(
      'showWarningMessage',
      (_text, _options, restore) => restore,
      async () => assert.equal(await executeCommand('jottacloud.restoreVersion', diff.original), true),
    );
    assert.equal(await textOf('v.txt'), 'one\n');
    await waitForServer(`${home}/v.txt`, 'one\n');
  });

  it('Restore from Trash and Delete Forever, from a row or from the list', async () => {
    for (const name of ['back', 'away']) {
      await save(name, name);
      await waitForServer(`${home}/${name}`, name);
      await fs.delete(uriOf(`${home}/${name}`));
      await waitForServer(`${home}/${name}`, undefined);
    }
    const choose = (name: string) => (items: unknown) =>
      (items as { trashed: string }[]).filter(({ trashed }) => trashed === `${home}/${name}`);
    await answering('showQuickPick', choose('back'), () => executeCommand('jottacloud.restoreFromTrash'));
    assert.equal(await textOf('back'), 'back');
    const trashed = { kind: 'trashed', trashed: { path: `${home}/away` } };
    await answering(
      'showWarningMessage',
      (_text, _options, forever) => forever,
      async () => assert.equal(await executeCommand('jottacloud.deleteForever', trashed), true),
    );
    const messages = await collectErrorMessages(() => executeCommand('jottacloud.restoreFromTrash', trashed));
    assert.equal(messages.length, 1);
    await executeCommand('jottacloud.showTrash');
    await save('emptied', 'x');
    await waitForServer(`${home}/emptied`, 'x');
    await fs.delete(uriOf(`${home}/emptied`));
    await waitForServer(`${home}/emptied`, undefined);
    const [question] = await answering(
      'showWarningMessage',
      (_text, _options, empty) => empty,
      async () => assert.equal(await executeCommand('jottacloud.emptyTrash'), true),
    );
    assert.equal(question?.[0], 'Empty the trash of Jottacloud?');
    assert.equal(await executeCommand('jottacloud.emptyTrash'), false, 'there is nothing left in it');
  });

  it('Search Files by Name… finds as one types, and opens what is chosen', async () => {
    await save('needle in here.txt', 'found');
    const window = vscode.window as { createQuickPick: unknown };
    const original = vscode.window.createQuickPick;
    let box: vscode.QuickPick<vscode.QuickPickItem> | undefined;
    window.createQuickPick = () => {
      box = original();
      // What an earlier command still opens may take the focus.
      box.ignoreFocusOut = true;
      return box;
    };
    const opened = executeCommand<string>('jottacloud.searchFiles', row('', 'folder'));
    try {
      const shown = await waitFor('the box', () => box);
      shown.value = 'haystack without';
      await waitFor('that there is none', () => shown.items[0]?.label.startsWith('No file or folder') || undefined);
      shown.value = 'EEDLE in';
      await waitFor('the file', () => shown.items[0]?.label.includes('needle in here.txt') || undefined);
      await acceptQuickPicks(opened);
    } finally {
      window.createQuickPick = original;
    }
    assert.equal(await opened, `${home}/needle in here.txt`);
    const { document } = await waitFor('the editor', () => vscode.window.activeTextEditor);
    assert.equal(document.getText(), 'found');
    await executeCommand('workbench.action.closeAllEditors');
  });

  it('Open on the Web opens the page of the item', async () => {
    await waitForServer(`${home}/shared.txt`, 'public');
    const env = vscode.env as { openExternal: unknown };
    const original = env.openExternal;
    const opened: string[] = [];
    env.openExternal = (uri: vscode.Uri) => {
      opened.push(uri.toString());
      return Promise.resolve(true);
    };
    try {
      const url = 'https://www.jottacloud.com/web/archive/list/name/commands/shared.txt';
      assert.equal(await executeCommand('jottacloud.openOnTheWeb', row('shared.txt')), url);
      assert.deepEqual(opened, [url]);
    } finally {
      env.openExternal = original;
    }
  });

  it('a command without a row means the file that the active editor shows', async () => {
    await save('active.txt', 'looked at');
    await waitForServer(`${home}/active.txt`, 'looked at');
    await executeCommand('vscode.open', uriOf(`${home}/active.txt`));
    assert.equal(await executeCommand('jottacloud.compareWithSynced'), true);
    const { input } = await waitFor('the comparison', () => vscode.window.tabGroups.activeTabGroup.activeTab);
    assert.ok(input instanceof vscode.TabInputTextDiff);
    assert.equal(input.original.scheme, 'jottacloud-version');
    assert.equal(input.modified.path, `${home}/active.txt`);
    assert.equal(await executeCommand('jottacloud.keepOffline'), true);
    assert.equal((await api.decorations.provideFileDecoration(input.modified))?.badge, '●');
    await executeCommand('jottacloud.removeOfflineCopy');
    await executeCommand('workbench.action.closeAllEditors');
  });

  it('Compare with Last Synced says that a file has not been uploaded yet', async () => {
    await executeCommand('jottacloud.pauseTransfers');
    await save('only here.txt', 'not sent');
    const told: unknown[] = [];
    const window = vscode.window as { setStatusBarMessage: unknown };
    const original = window.setStatusBarMessage;
    window.setStatusBarMessage = (text: string) => told.push(text);
    try {
      assert.equal(await executeCommand('jottacloud.compareWithSynced', row('only here.txt')), false);
    } finally {
      window.setStatusBarMessage = original;
      await executeCommand('jottacloud.resumeTransfers');
    }
    assert.deepEqual(told, ['only here.txt has not been uploaded yet']);
  });

  it('Open as Folder opens the virtual folder where nothing is mounted', async () => {
    let uri: vscode.Uri | undefined;
    const asked = await intercepting('vscode.openFolder', async () => {
      uri = await executeCommand<vscode.Uri>('jottacloud.openAsFolder', home);
    });
    assert.ok(uri);
    assert.equal(uri.toString(), uriOf(home).toString());
    assert.deepEqual(
      asked.map(([target]) => String(target)),
      [uri.toString()],
    );
  });

  it('all of them end without an error when their question is dismissed', async () => {
    const ids = ['newFolder', 'uploadFiles', 'download', 'rename', 'delete', 'keepOffline', 'removeOfflineCopy'];
    const others = ['copyPublicLink', 'removePublicLink', 'openOnTheWeb', 'showVersions', 'restoreVersion'];
    for (const id of [...ids, ...others, 'searchFiles', 'openAsFolder', 'open', 'copyPath']) {
      const messages = await collectErrorMessages(async () => {
        const done = executeCommand(`jottacloud.${id}`);
        let ended = false;
        void done.then(() => {
          ended = true;
        });
        await waitFor(`the end of ${id}`, async () => {
          await executeCommand('workbench.action.closeQuickOpen');
          return ended || undefined;
        });
      });
      assert.deepEqual(messages, [], id);
    }
    assert.notEqual(api.state().account, null);
  });
});
