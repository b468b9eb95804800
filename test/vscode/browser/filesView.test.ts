import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { until } from '../../support/until.ts';
import type { Workbench } from '../harness/workbench.ts';
import { onSharedStage } from './sharedStage.ts';
import { findOnServer, mount, showNotifications, signIn, typeAtEnd, untilOnServer } from './support.ts';

const archive = '/Jotta/Archive';

test('files are dropped into the tree and moved, renamed, deleted and restored in it; the volume follows', async () => {
  await onSharedStage(async (stage) => {
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

test('keys of the Files view mean the focused row, or what is selected with it, as in the Explorer', async () => {
  await onSharedStage(async (stage) => {
    for (const name of ['a.txt', 'b.txt', 'c.txt', 'folder/d.txt'])
      await stage.emulator.put(`${archive}/${name}`, name);
    const window = await stage.openWindow();
    const { keyboard } = window.page;
    await signIn(stage, window);
    await window.expand('Jotta');
    await window.expand('Archive');
    const click = (name: string, ...modifiers: ('Control' | 'Shift')[]) =>
      window.treeRow(name, 'Files').first().click({ modifiers });

    await click('a.txt');
    await keyboard.press('ArrowDown');
    await expectDelete(window, 'Delete b.txt?');
    await keyboard.press('F2');
    await window.quickInputMessage.filter({ hasText: `New name of ${archive}/b.txt` }).waitFor();
    await keyboard.press('Escape');
    await window.quickInputBox.waitFor({ state: 'hidden' });
    await isFocused(window);

    // In a folder of the computer, Ctrl+P is VS Code's own.
    await window.openRowMenu(window.treeRow('folder', 'Files').first());
    const search = window.page.locator('.context-view .action-item', { hasText: 'Search Files by Name…' });
    await search.waitFor();
    assert.equal(await search.filter({ hasText: 'Ctrl' }).count(), 0, 'no key is promised that does something else');
    await keyboard.press('Escape');
    await search.waitFor({ state: 'detached' });

    // Taken out of the selection again, it has the focus.
    await click('a.txt');
    await click('a.txt', 'Control');
    await expectDelete(window, 'Delete a.txt?');

    await click('a.txt');
    await click('c.txt', 'Control');
    await expectDelete(window, 'Delete 2 items?', ['a.txt', 'c.txt']);
    await keyboard.press('ArrowUp');
    await expectDelete(window, 'Delete b.txt?');

    await click('b.txt');
    await keyboard.press('Shift+ArrowDown');
    await expectDelete(window, 'Delete 2 items?', ['b.txt', 'c.txt']);

    await click('Archive');
    await keyboard.press('Delete');
    await showNotifications(window, 'cannot be created, moved or deleted');
    assert.equal(await window.dialog.count(), 0, 'nothing is asked about what cannot be done');
    await keyboard.press('Escape');

    await window.expand('Archive');
    await click('a.txt');
    await keyboard.press('Control+C');
    await window.statusBarItem('Copied a.txt').waitFor();
    await keyboard.press('Control+V');
    await window.treeRow('a (2).txt', 'Files').waitFor();
    await click('a.txt');
    await keyboard.press('ArrowDown');
    await keyboard.press('Delete');
    await window.pressDialogButton('Move to Trash');
    await window.treeRow('b.txt', 'Files').waitFor({ state: 'detached' });
    const left = stage.emulator.tree().map(({ path }) => path);
    for (const name of ['a.txt', 'c.txt']) assert.ok(left.includes(`${archive}/${name}`), name);

    // Without a folder a new file goes where one can be made.
    await window.runCommand('Jottacloud: New File…');
    await window.quickPickRow('Jotta/Archive').waitFor();
    assert.equal(await window.quickPickRow('The whole account').count(), 0);
    await keyboard.press('Enter');
    await window.answer('first.txt', `Name of the new file in ${archive}`);
    await window.tab('first.txt').first().waitFor();
  });
});

test('what is public stays seen, folders too, and a screen reader says what the rows show', async () => {
  await onSharedStage(async (stage) => {
    await stage.emulator.put(`${archive}/letter.txt`, 'letter\n');
    await stage.emulator.put(`${archive}/pictures/one.txt`, 'one\n');
    const window = await stage.openWindow();
    await signIn(stage, window);
    await window.expand('Jotta');
    await window.expand('Archive');
    for (const name of ['pictures', 'letter.txt']) {
      await window.runRowAction(name, 'Copy Public Link');
      await window.pressDialogButton('Create Link');
      await spoken(window, new RegExp(`^${name}, (?:.*, )?public link`)).waitFor();
    }
    for (const label of ['Public Links', 'Trash']) await spoken(window, new RegExp(`^${label}\\b`)).waitFor();
    await window.runRowAction('letter.txt', 'Show Details');
    await spoken(window, /^Public link, https:/).waitFor();
    await spoken(window, /^\S+ \d+, .*7 B · current/).waitFor();

    // The service lists files alone. Another window, and this one after a reload, know the folder all the same.
    await window.reload();
    const other = await stage.openWindow(`${stage.server.home}/other`);
    for (const each of [window, other]) {
      await each.openView('Jottacloud');
      await each.expand('Jotta');
      await each.expand('Archive');
      await spoken(each, /^pictures, public link/).waitFor();
      await each.expand('Public Links');
      await spoken(each, /^letter\.txt, \/Jotta\/Archive/).waitFor();
    }
    await window.runRowAction(/^\s*pictures/, 'Remove Public Link');
    await window.pressDialogButton('Remove Link');
    await spoken(window, /^pictures$/).waitFor();
    await other.reload();
    await other.openView('Jottacloud');
    await other.expand('Public Links');
    assert.equal(await spoken(other, /^pictures,/).count(), 0, 'nobody thinks it public any more');
  });
});

/** Presses Delete, and cancels what is asked then. */
async function expectDelete(window: Workbench, question: string, names: readonly string[] = []): Promise<void> {
  await window.page.keyboard.press('Delete');
  await window.dialog.filter({ hasText: question }).waitFor();
  const text = await window.dialog.innerText();
  for (const name of names) assert.ok(text.includes(name), `${name} in: ${text}`);
  await window.pressDialogButton('Cancel');
  await window.dialog.waitFor({ state: 'detached' });
  await isFocused(window);
}

/** The keys go to a tree of the side bar. */
function isFocused(window: Workbench): Promise<void> {
  return window.page.locator('.sidebar .monaco-list:focus').waitFor();
}

/** Rows of the side bar by what a screen reader says of them. */
function spoken({ page }: Workbench, label: RegExp) {
  return page.locator('.sidebar').getByRole('treeitem', { name: label }).first();
}
