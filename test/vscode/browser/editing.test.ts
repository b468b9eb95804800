import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { until } from '../../support/until.ts';
import { onSharedStage } from './sharedStage.ts';
import { findOnServer, mount, openFromTree, showNotifications, signIn, typeAtEnd, untilOnServer } from './support.ts';

const folder = '/Jotta/Archive';
const file = `${folder}/hello.md`;
const plan = `${folder}/plan.md`;

test('a file opens from the tree at its mounted path, a save of it arrives, and a change elsewhere is shown', async () => {
  await onSharedStage(async (stage) => {
    await stage.emulator.put(file, '# Hello\n');
    const window = await stage.openWindow();
    await signIn(stage, window);
    await mount(stage, window);
    await openFromTree(window, 'hello.md');
    await window.editorText.filter({ hasText: /#\sHello/ }).waitFor();
    const mounted = path.join(stage.mountPoint, file);
    await window.tab(path.dirname(mounted)).waitFor();

    await typeAtEnd(window, 'written in VS Code');
    await window.save();
    const content = '# Hello\nwritten in VS Code';
    assert.equal(await readFile(mounted, 'utf8'), content);
    await untilOnServer(stage, file, content);
    await window.statusBarItem(/^\s*Jottacloud\s*$/).waitFor();

    // The editor follows what another computer writes.
    await stage.emulator.put(file, 'written elsewhere\n');
    await window.runCommand('Jottacloud: Refresh');
    await window.editorText.filter({ hasText: /written\selsewhere/ }).waitFor();
  });
});

test('an earlier version is compared with the current one, and restored by the button of the comparison', async () => {
  await onSharedStage(async (stage) => {
    for (const content of ['first\n', 'second\n', 'third\n']) await stage.emulator.put(plan, content);
    const window = await stage.openWindow();
    await signIn(stage, window);
    await mount(stage, window);
    await window.expand('Jotta');
    await window.expand('Archive');

    await window.runRowAction('plan.md', 'Version History…');
    await window.quickInput.locator('.quick-input-title', { hasText: 'Version History of plan.md' }).waitFor();
    assert.equal(await window.quickPickRow(/./).count(), 2, 'the current version is not one to compare with itself');
    await window.quickPickRow(/./).last().click();
    const comparison = window.page.locator('.monaco-diff-editor');
    await comparison.locator('.editor.original', { hasText: 'first' }).waitFor();
    await comparison.locator('.editor.modified', { hasText: 'third' }).waitFor();

    await window.page.locator('.editor-actions').getByRole('button', { name: 'Restore Version…' }).click();
    await window.dialog.filter({ hasText: 'Restore this version of plan.md?' }).waitFor();
    await window.pressDialogButton('Restore');
    await untilOnServer(stage, plan, 'first\n');
    assert.equal(findOnServer(stage.emulator, plan)?.revision, 4, 'it is the newest version, and none is gone');
    await comparison.locator('.editor.modified', { hasText: 'first' }).waitFor();
    await until('the volume is idle', () => window.statusBarItem(/^\s*Jottacloud\s*$/).isVisible());
  });
});

test('a full account is told once, what was refused can be discarded or tried again; what does not succeed says so', async () => {
  await onSharedStage(async (stage) => {
    const { emulator } = stage;
    await emulator.put(`${folder}/kept.txt`, 'of the server\n');
    const window = await stage.openWindow();
    await signIn(stage, window);
    await mount(stage, window);
    const mounted = path.join(stage.mountPoint, folder);
    assert.equal(await readFile(path.join(mounted, 'kept.txt'), 'utf8'), 'of the server\n');

    emulator.quota(1);
    // The drive cannot notice by itself that there is room: that would take the row away under the mouse.
    emulator.setFaults([{ match: { kind: 'customer' }, action: { type: 'status', status: 500 } }]);
    await writeFile(path.join(mounted, 'kept.txt'), 'of this computer\n');
    await writeFile(path.join(mounted, 'new.txt'), 'new\n');
    await window.statusBarItem('Jottacloud: 2 failed').waitFor();
    const told = await showNotifications(window, 'Your Jottacloud storage is full.');
    assert.equal(await told.count(), 1);
    await told.getByRole('button', { name: 'Show Transfers' }).click();

    // The remedy is the first thing that the status bar offers.
    await window.statusBarItem('Jottacloud: 2 failed').click();
    await window.quickPickRow('2 failed: Show').and(window.page.locator('[data-index="0"]')).waitFor();
    await window.page.keyboard.press('Enter');
    // A row of the Files view has the same ways out.
    await window.expand('Jotta');
    await window.expand('Archive');
    await window.openRowMenu(window.treeRow(/^\s*kept\.txt/).first());
    for (const action of ['Try Again', 'Export a Copy…', 'Discard Change…']) {
      await window.page.locator('.context-view .action-item', { hasText: action }).first().waitFor();
    }
    await window.page.keyboard.press('Escape');

    const row = window.treeRow(/kept\.txt.*failed ·/);
    await row.hover();
    await row.getByRole('button', { name: 'Discard Change…' }).click();
    await window.pressDialogButton('Discard');
    await until('the server’s version is shown again', async () => {
      return (await readFile(path.join(mounted, 'kept.txt'), 'utf8')) === 'of the server\n';
    });

    const other = window.treeRow(/new\.txt.*failed ·/);
    await other.hover();
    emulator.quota(null);
    await other.getByRole('button', { name: 'Try Again' }).click();
    await untilOnServer(stage, `${folder}/new.txt`, 'new\n');
    emulator.setFaults([]);
    await window.statusBarItem(/^\s*Jottacloud\s*$/).waitFor();

    // What is on its way tells its pace, and can be stopped and taken up again.
    emulator.shape({ bandwidth: 1_000_000 });
    // More than lies in the buffers of a connection.
    await writeFile(path.join(mounted, 'large.bin'), randomBytes(24_000_000));
    // What matters comes first: the side bar is narrow.
    const large = window.treeRow(/large\.bin\s*\d+ % · .*B\/s · .* left · /);
    await large.hover();
    await large.getByRole('button', { name: 'Stop Transfer' }).click();
    await window.treeRow(/large\.bin.*Upload stopped/).waitFor();
    await window.statusBarItem(/^\s*Jottacloud\s*$/).waitFor();
    emulator.shape({ bandwidth: undefined });
    await window.treeRow(/large\.bin.*Upload stopped/).hover();
    await window
      .treeRow(/large\.bin.*Upload stopped/)
      .getByRole('button', { name: 'Try Again' })
      .click();
    await until('it is up', () => emulator.tree().some((item) => item.path === `${folder}/large.bin`));

    emulator.setFaults([{ match: { kind: 'mkDir' }, action: { type: 'status', status: 409 } }]);
    await mkdir(path.join(mounted, 'made'));
    await window.treeRow(/made.*New folder · did not succeed yet, next try at \d/).waitFor();
    emulator.setFaults([]);
    await window.statusBarItem(/^\s*Jottacloud\s*$/).waitFor();
    assert.ok(emulator.tree().some((item) => item.path === `${folder}/made`));
  });
});

test('a read-only mount refuses a save in words, and the server keeps what it has', async () => {
  await onSharedStage(
    async (stage) => {
      await stage.emulator.put(file, 'one\n');
      const window = await stage.openWindow();
      await signIn(stage, window);
      await mount(stage, window);
      await openFromTree(window, 'hello.md');
      await window.editorText.filter({ hasText: 'one' }).waitFor();
      const before = findOnServer(stage.emulator, file);

      await typeAtEnd(window, 'two\n');
      await window.page.keyboard.press('Control+S');
      const told = await showNotifications(window, "Failed to save 'hello.md'");
      await told.filter({ hasText: 'hello.md is mounted read-only. Mount it again with writing allowed' }).waitFor();
      await window.page.locator('.tabs-container .tab.active.dirty').waitFor();
      assert.equal(await readFile(path.join(stage.mountPoint, file), 'utf8'), 'one\n');
      assert.deepEqual(findOnServer(stage.emulator, file), before);
    },
    { settings: { 'mount.readOnly': true } },
  );
});
