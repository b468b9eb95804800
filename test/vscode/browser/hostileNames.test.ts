import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Locator } from 'playwright-core';
import type { Workbench } from '../harness/workbench.ts';
import { mount, onStage, showNotifications, signIn } from './support.ts';

const archive = '/Jotta/Archive';
/** What the server holds; here ：is a colon and ␊ the end of a line. */
const onServer = '[x](command：workbench.action.terminal.new) $(rocket) `**b**` <b>i ␊‮txt';
/** Where it begins, whatever became of the rest. */
const shown = '[x]';
const pages = `${archive}/${onServer}`;
/** The same name as this computer has it. */
const here = onServer.replace('：', ':').replace('␊', '\n');

/** Nothing in the window may be clicked to run the command, be the icon, or turn what follows. */
async function check(what: string, window: Workbench, where: Locator): Promise<void> {
  await where.filter({ hasText: shown }).first().waitFor();
  const text = (await where.filter({ hasText: shown }).first().textContent()) ?? '';
  assert.ok(text.includes('terminal.new'), `${what}: the name is shown: ${text}`);
  // Text as the browser draws it; what the mouse shows is in attributes.
  const found = await window.page.evaluate(`(() => {
    const all = [...document.querySelectorAll('.monaco-workbench, .monaco-workbench *')];
    // Class names have file names in them; nobody sees those.
    const told = all.flatMap((e) => [e.ariaLabel, e.title, e.placeholder, e.childElementCount === 0 ? e.textContent : '']);
    return {
      links: [...document.querySelectorAll('a, [role=link]')].map((a) => a.href + ' ' + a.dataset.href)
        .filter((link) => link.includes('terminal.new')),
      icons: document.querySelectorAll('.codicon-rocket').length,
      bold: [...document.querySelectorAll('strong, b, code')].filter((e) => e.textContent === 'b' || e.textContent === '**b**').length,
      turned: told.filter((text) => text?.includes('\\u202e')),
    };
  })()`);
  assert.deepEqual(found, { links: [], icons: 0, bold: 0, turned: [] }, what);
}

test('a hostile name is plain text wherever the window shows it', async () => {
  await onStage(
    async (stage) => {
      const { emulator } = stage;
      await emulator.put(`${pages}/${onServer}`, 'x');
      await emulator.put(`${archive}/other.txt`, 'x');
      const window = await stage.openWindow();
      await signIn(stage, window);
      await mount(stage, window);
      await window.statusBarItem('Jottacloud').hover();
      const tooltip = window.page.locator('.monaco-hover:visible, .workbench-hover:visible');
      await check('the tooltip of the status bar', window, tooltip);
      await window.restMouse();
      await window.expand('Jotta');
      await window.expand('Archive');
      await check('a row of Files', window, window.treeRow(shown));
      await window.expand(shown);
      await window.treeRow(shown).nth(1).waitFor();
      await window.treeRow(shown).first().hover();
      await check('a tooltip', window, window.page.locator('.monaco-hover:visible, .workbench-hover:visible'));
      await window.restMouse();

      await window.runRowAction(shown, 'Rename…');
      await check('a prompt', window, window.quickInputMessage);
      await window.page.keyboard.press('Escape');

      await window.runCommand('Search Files by Name');
      await window.quickInputBox.fill('terminal');
      await check('a quick pick', window, window.quickInput.locator('.monaco-list-row'));
      await window.page.keyboard.press('Escape');

      await window.runRowAction(shown, 'New Folder…');
      await window.answer('made');
      await window.treeRow('made').first().waitFor();
      await window.runRowAction(shown, 'New Folder…');
      await window.answer('made');
      await check('an error message', window, await showNotifications(window, shown));
      await window.runCommand('Notifications: Clear All Notifications');
      await window.runCommand('Jottacloud: Show Log');
      await check('the output channel', window, window.page.locator('.output-view .view-line'));
      await window.runCommand('View: Hide Panel');

      await window.runRowAction(shown, 'Delete');
      await check('a question', window, window.dialog);
      await window.pressDialogButton('Move to Trash');
      await window
        .treeRow(/^(?!.*deleted)\s*\[x\]/)
        .first()
        .waitFor({ state: 'detached' });
      await window.expand('Trash');
      await check('a row of the trash', window, window.treeRow(/deleted/));
      await window
        .treeRow(/deleted/)
        .first()
        .hover();
      await check(
        'a tooltip of the trash',
        window,
        window.page.locator('.monaco-hover:visible, .workbench-hover:visible'),
      );
      await window.restMouse();
      await window.expand('Finished');
      await check('a row of Transfers', window, window.treeRow(/Delete/));
    },
    { settings: { 'mount.source': `${archive}/${here}` } },
  );
});
