import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { until } from '../../support/until.ts';
import { findOnServer, mount, onStage, signIn, typeAtEnd, untilOnServer } from './support.ts';

const archive = '/Jotta/Archive';

test('files are dropped into the tree and moved, renamed, deleted and restored in it; the volume follows', async () => {
  await onStage(async (stage) => {
    const { emulator } = stage;
    await emulator.put(`${archive}/Letters/old.txt`, 'old\n');
    await emulator.put(`${archive}/draft.txt`, 'draft\n');
    await emulator.put(`${archive}/note.txt`, 'note\n');
    const window = await stage.openWindow();
    await signIn(stage, window);
    await mount(stage, window);
    await window.expand('Jotta');
    await window.expand('Archive');
    const isOnServer = (name: string) => findOnServer(emulator, `${archive}/${name}`) !== undefined;
    const volume = path.join(stage.mountPoint, archive);

    // From the computer of the browser.
    await window.dropFile(window.treeRow('Letters').first(), 'dropped.txt', 'dropped\n');
    await untilOnServer(stage, `${archive}/Letters/dropped.txt`, 'dropped\n');
    assert.equal(await readFile(path.join(volume, 'Letters', 'dropped.txt'), 'utf8'), 'dropped\n');
    await window.treeRow('dropped.txt').first().waitFor();

    // Two rows at once.
    await window
      .treeRow('draft.txt')
      .first()
      .click({ modifiers: ['Control'] });
    await window
      .treeRow('note.txt')
      .first()
      .click({ modifiers: ['Control'] });
    await window.treeRow('note.txt').first().dragTo(window.treeRow('Letters').first());
    for (const name of ['draft.txt', 'note.txt']) {
      await until(`${name} is moved on the server`, () => isOnServer(`Letters/${name}`) && !isOnServer(name));
    }
    assert.deepEqual(await readdir(volume), ['Letters']);
    assert.deepEqual((await readdir(path.join(volume, 'Letters'))).sort(), [
      'draft.txt',
      'dropped.txt',
      'note.txt',
      'old.txt',
    ]);

    // An open file goes along with its new name, and with what is not saved in it.
    await window.restMouse();
    await window.treeRow('draft.txt').first().dblclick();
    await window.tab('draft.txt').first().waitFor();
    await typeAtEnd(window, 'not saved yet\n');
    await window.runRowAction('draft.txt', 'Rename…');
    await window.answer('final.txt', 'New name of');
    await until(
      'it is renamed on the server',
      () => isOnServer('Letters/final.txt') && !isOnServer('Letters/draft.txt'),
    );
    await window.page.locator('.tabs-container .tab.dirty', { hasText: 'final.txt' }).waitFor();
    assert.equal(await window.tab('draft.txt').count(), 0);
    await window.treeRow('final.txt').first().dragTo(window.treeRow('Archive').first());
    await window.page
      .locator(`.tabs-container .tab.dirty:not(:has-text("Letters"))`, { hasText: 'final.txt' })
      .waitFor();
    await window.save();
    await untilOnServer(stage, `${archive}/final.txt`, 'draft\nnot saved yet\n');
    await window.treeRow('final.txt').first().dragTo(window.treeRow('Letters').first());
    await until('it is back in its folder', () => isOnServer('Letters/final.txt') && !isOnServer('final.txt'));

    await window.expand('Trash');
    for (const name of ['final.txt', 'note.txt']) {
      await window.runRowAction(name, 'Delete');
      await window.pressDialogButton('Move to Trash');
      await until(`${name} is gone from the server`, () => !isOnServer(`Letters/${name}`));
      await window.treeRow(new RegExp(`${name}.*deleted`)).waitFor();
    }
    await window.runRowAction(/final\.txt.*deleted/, 'Restore from Trash');
    await until('it is back on the server', () => isOnServer('Letters/final.txt'));
    await until('it is back in the volume', async () => {
      return (await readdir(path.join(volume, 'Letters'))).includes('final.txt');
    });
    assert.equal(await readFile(path.join(volume, 'Letters', 'final.txt'), 'utf8'), 'draft\nnot saved yet\n');

    await window.runRowAction(/note\.txt.*deleted/, 'Delete Forever');
    await window.dialog.filter({ hasText: 'There is no way to get it back' }).waitFor();
    await window.pressDialogButton('Delete Forever');
    await window.treeRow(/note\.txt.*deleted/).waitFor({ state: 'detached' });
    assert.deepEqual(await readdir(volume), ['Letters']);

    // What goes is named where it is one, counted where there are several.
    await window.runRowAction('old.txt', 'Delete');
    await window.pressDialogButton('Move to Trash');
    await window.treeRow(/old\.txt.*deleted/).waitFor();
    await window.runCommand('Jottacloud: Empty Trash…');
    await window.dialog
      .filter({ hasText: 'Everything in it is gone for good, with all its versions: old.txt.' })
      .waitFor();
    await window.pressDialogButton('Empty Trash');
    await window.treeRow(/old\.txt.*deleted/).waitFor({ state: 'detached' });
  });
});
