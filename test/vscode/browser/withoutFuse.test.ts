import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../../support/until.ts';
import { findOnServer, onStage, openFromTree, showNotifications, signIn, typeAtEnd, untilOnServer } from './support.ts';

const folder = '/Jotta/Archive';

test('a window without FUSE edits, compares versions, renames, deletes and restores in the tree, and opens a folder', async () => {
  await onStage(
    async (stage) => {
      const { emulator } = stage;
      await emulator.put(`${folder}/hello.md`, 'first\n');
      const window = await stage.openWindow();
      const { page } = window;
      await signIn(stage, window);

      // What is missing is told with the one command that helps, and stands in nobody's way.
      const missing = window.welcomeView('Mounting needs FUSE 3, which is not installed or not allowed');
      await missing.getByRole('button', { name: 'Install FUSE 3' }).click();
      const told = await showNotifications(window, 'Mounting needs FUSE 3. Run this, then check again:');
      assert.match((await told.first().textContent()) ?? '', /sudo .*install fuse3/);
      await told.getByRole('button', { name: 'Check Again' }).click();
      await showNotifications(window, 'Mounting needs FUSE, which is not installed on this computer.');
      await page.keyboard.press('Escape');

      await openFromTree(window, 'hello.md');
      await window.editorText.filter({ hasText: 'first' }).waitFor();
      await typeAtEnd(window, 'second\n');
      await window.save();
      await untilOnServer(stage, `${folder}/hello.md`, 'first\nsecond\n');
      assert.equal(await stage.getMountId(), undefined);

      await window.runRowAction('hello.md', 'Version History…');
      await window.quickInput.locator('.quick-input-title', { hasText: 'Version History of hello.md' }).waitFor();
      await window.quickPickRow(/./).last().click();
      await page.locator('.monaco-diff-editor', { hasText: 'second' }).first().waitFor();
      await page.keyboard.press('Control+W');

      await window.runRowAction('hello.md', 'Rename…');
      await window.answer('greeting.md', 'New name of');
      await window.treeRow('greeting.md').first().waitFor();
      await until('it is renamed on the server', () => findOnServer(emulator, `${folder}/greeting.md`));
      await window.tab('greeting.md').first().waitFor();
      assert.equal(await window.tab('hello.md').count(), 0, 'the tab goes along');
      const struck = page.locator('.tabs-container .tab .strikethrough', { hasText: 'greeting.md' });

      await window.runRowAction('greeting.md', 'Delete');
      await window.pressDialogButton('Move to Trash');
      await until('it is gone from the server', () => findOnServer(emulator, `${folder}/greeting.md`) === undefined);
      await struck.waitFor();
      await window.expand('Trash');
      await window.runRowAction(/greeting\.md.*deleted/, 'Restore from Trash');
      await until('it is back on the server', () => findOnServer(emulator, `${folder}/greeting.md`));
      await struck.waitFor({ state: 'detached' });

      await window.runRowAction('Archive', 'Open as Folder in VS Code');
      await window.explorerRow('greeting.md').first().waitFor();
      await window.explorerRow('greeting.md').first().dblclick();
      await window.editorText.filter({ hasText: 'second' }).waitFor();

      // VS Code's own search would never end there: its keys lead to what does.
      await page.keyboard.press('Control+P');
      await window.quickInput.locator('.quick-input-title', { hasText: 'Search Files by Name' }).waitFor();
      await window.quickInputBox.fill('greet');
      await window.quickPickRow('greeting.md').first().waitFor();
      await page.keyboard.press('Escape');
      await window.quickInputBox.waitFor({ state: 'hidden' });
      await page.keyboard.press('Control+Shift+F');
      await window.pressNotificationButton('VS Code cannot search inside the files', 'Search Files by Name…');
      await window.quickInput.locator('.quick-input-title', { hasText: 'Search Files by Name' }).waitFor();
      assert.equal(await stage.getMountId(), undefined);
    },
    { missingPrograms: ['fusermount3'] },
  );
});
