import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Workbench } from '../harness/workbench.ts';
import { onStage, showNotifications, signIn } from './support.ts';

const archive = '/Jotta/Archive';

test('keys of the Files view mean the focused row, or what is selected with it, as in the Explorer', async () => {
  await onStage(async (stage) => {
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
