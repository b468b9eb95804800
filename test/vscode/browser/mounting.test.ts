import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { until } from '../../support/until.ts';
import { findMountId, onStage, showNotifications, signIn } from './support.ts';

const archive = '/Jotta/Archive';

test('the account is mounted from the view, the status bar and the dialog; a mount point that is refused is asked for again', async () => {
  await onStage(async (stage) => {
    await stage.emulator.put(`${archive}/Photos/one.txt`, 'one\n');
    const window = await stage.openWindow();
    await signIn(stage, window);

    await window.welcomeView('Nothing is mounted.').getByRole('button', { name: 'Mount Jottacloud' }).click();
    await until('it is mounted', () => stage.getMountId());
    await window.treeRow(/^\s*Jottacloud.*mounted/).hover();
    await window
      .treeRow(/^\s*Jottacloud.*mounted/)
      .getByRole('button', { name: 'Unmount Jottacloud' })
      .click();
    await until('it is gone', async () => (await stage.getMountId()) === undefined);

    await window.statusBarItem('Jottacloud: not mounted').click();
    await window.pick('Mount Jottacloud');
    await until('it is mounted again', () => stage.getMountId());

    // The dialog: a folder of the account, read-only, at a place of its own.
    const full = path.join(stage.server.home, 'full');
    await mkdir(full, { recursive: true });
    await writeFile(path.join(full, 'mine.txt'), 'mine\n');
    await window.runCommand('Mount Jottacloud Folder…');
    await window.quickPickRow('Jotta/Archive').first().waitFor();
    for (const name of [/^\s*Jotta\s*$/, 'Archive', 'Photos', 'This folder']) await window.pick(name);
    await window.quickInput.locator('.quick-input-title', { hasText: '2/4' }).waitFor();
    await window.quickInputBox.fill(stage.server.home);
    await window.quickPickRow(stage.server.home).first().click();
    await window.quickPickRow('is your home folder').first().waitFor();
    await window.quickPickRow('~/Jottacloud').first().waitFor();
    await window.quickInputBox.fill(full);
    await window.quickPickRow(full).first().click();
    // Refused at once, with the reason under the field.
    await window.quickPickRow('is not empty').first().waitFor();
    await window.quickInput.locator('.quick-input-title', { hasText: '2/4' }).waitFor();
    await window.quickPickRow(`~/full/Jottacloud`).first().click();
    await window.pick('Read only');
    await window.pick('as it is now');
    const inside = path.join(full, 'Jottacloud');
    await until('the folder is mounted', () => findMountId(inside));
    assert.equal(await readFile(path.join(inside, 'one.txt'), 'utf8'), 'one\n');
    await assert.rejects(writeFile(path.join(inside, 'two.txt'), 'two\n'), { code: 'EROFS' });
    await window.treeRow(/mounted · \/Jotta\/Archive\/Photos · read-only/).waitFor();

    // What is mounted once is not mounted over.
    await window.runCommand('Mount Jottacloud');
    await showNotifications(window, 'is already mounted');
    await window.page.keyboard.press('Escape');
    for (const mountPoint of [inside, stage.mountPoint]) {
      await window.runCommand('Unmount Jottacloud');
      if (mountPoint === inside) await window.pick('full');
      await until('it is gone', async () => (await findMountId(mountPoint)) === undefined);
    }
    // The profile is remembered and mounts by its row. A tree that is being drawn anew loses the click.
    await window.treeRow(/not mounted · whole account/).waitFor();
    const row = window.treeRow(/not mounted · \/Jotta\/Archive\/Photos/);
    await row.hover();
    await row.getByRole('button', { name: 'Mount Jottacloud' }).click();
    await until('the folder is mounted again', () => findMountId(inside));
    await window.treeRow(/Jottacloud\s*mounted · \/Jotta\/Archive\/Photos/).waitFor();
    const [first = ''] = await window.treeRow(/mounted · /).allInnerTexts();
    assert.match(first, /not mounted · whole account/, 'rows keep their places');
    await window.runCommand('Unmount Jottacloud');
    await until('it is gone', async () => (await findMountId(inside)) === undefined);
  });
});
