import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile, readlink, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import type { Locator } from 'playwright-core';
import { until } from '../../support/until.ts';
import type { Workbench } from '../harness/workbench.ts';
import { onSharedStage } from './sharedStage.ts';
import { findMountId, findOnServer, mount, showNotifications, signIn, untilOnServer } from './support.ts';

const archive = '/Jotta/Archive';
/** What the server holds; here ：is a colon and ␊ the end of a line. */
const onServer = '[x](command：workbench.action.terminal.new) $(rocket) `**b**` <b>i ␊‮txt';
/** Where it begins, whatever became of the rest. */
const shown = '[x]';
const pages = `${archive}/${onServer}`;
/** The same name as this computer has it. */
const here = onServer.replace('：', ':').replace('␊', '\n');

test('unmounting keeps what is not uploaded yet when told to, else waits for it; what is saved afterwards is brought in', async () => {
  await onSharedStage(async (stage) => {
    await stage.emulator.put(`${archive}/hello.md`, '# Hello\n');
    const window = await stage.openWindow();
    await signIn(stage, window);
    await mount(stage, window);
    await window.runCommand('Jottacloud: Pause Transfers');
    await window.statusBarItem('Jottacloud: paused').waitFor();
    await writeFile(path.join(stage.mountPoint, archive, 'late.txt'), 'late\n');
    await window.treeRow('late.txt').first().waitFor();

    await window.runCommand('Unmount Jottacloud');
    const asked = await showNotifications(window, 'Changes that are not uploaded yet: 1.');
    assert.ok(await stage.getMountId(), 'nothing is unmounted without an answer');
    await asked.getByRole('button', { name: 'Unmount Anyway' }).click();
    await until('it is unmounted', async () => (await stage.getMountId()) === undefined);
    assert.equal(findOnServer(stage.emulator, `${archive}/late.txt`), undefined);

    await mount(stage, window);
    await window.runCommand('Jottacloud: Resume Transfers');
    await untilOnServer(stage, `${archive}/late.txt`, 'late\n');
    await window.treeRow('Finished').first().waitFor();

    stage.emulator.shape({ latency: 1_500 });
    await writeFile(path.join(stage.mountPoint, archive, 'slow.txt'), 'slow\n');
    await window.treeRow('slow.txt').first().waitFor();
    await window.runCommand('Unmount Jottacloud');
    await until('it is unmounted', async () => (await stage.getMountId()) === undefined);
    assert.ok(findOnServer(stage.emulator, `${archive}/slow.txt`), 'it was sent before the volume went');

    // The bare mount point refuses what would be written to it; what is there nevertheless is brought into the account.
    assert.equal((await stat(stage.mountPoint)).mode & 0o777, 0o500);
    const bare = path.join(stage.mountPoint, archive);
    await mkdir(path.join(bare, 'new folder'), { recursive: true });
    await writeFile(path.join(bare, 'hello.md'), '# Hello again\n');
    await writeFile(path.join(bare, 'new folder', 'new.md'), '# New\n');
    await window.runCommand('Mount Jottacloud');
    const refused = await showNotifications(window, 'holds files that were saved while it was not mounted');
    await refused.getByRole('button', { name: 'Bring In 2 Files…' }).click();
    await window.dialog.filter({ hasText: 'hello.md is there already.' }).waitFor();
    await window.pressDialogButton('Replace');
    await untilOnServer(stage, `${archive}/hello.md`, '# Hello again\n');
    await untilOnServer(stage, `${archive}/new folder/new.md`, '# New\n');
    assert.equal(findOnServer(stage.emulator, `${archive}/hello.md`)?.revision, 2, 'the version before is kept');
    assert.ok(await stage.getMountId());
    await until('nothing is left behind', async () => (await readdir(path.dirname(stage.mountPoint))).length === 1);

    // A program that works in the volume is named, and does not keep it when told so; leaving the account asks the same.
    const leave = {
      'Unmount Jottacloud': async () => {},
      'Disconnect from Jottacloud': () => window.pressDialogButton('Disconnect'),
    };
    for (const [command, answer] of Object.entries(leave)) {
      if ((await stage.getMountId()) === undefined) await mount(stage, window);
      const holder = spawn('sh', ['-c', `cd '${bare}' && exec sleep 600`]);
      try {
        await until('it works there', async () => (await readlink(`/proc/${holder.pid}/cwd`)) === bare);
        await window.runCommand(command);
        await answer();
        const busy = await showNotifications(window, 'sleep still uses');
        assert.ok(await stage.getMountId());
        await busy.getByRole('button', { name: 'Unmount Anyway' }).click();
        await until('it is unmounted', async () => (await stage.getMountId()) === undefined);
      } finally {
        holder.kill('SIGKILL');
      }
    }
    await window.welcomeView('Connect to your Jottacloud account').first().waitFor();
  });
});

test('the account is mounted from the view, the status bar and the dialog; a mount point that is refused is asked for again', async () => {
  await onSharedStage(async (stage) => {
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
    // A row keeps hidden words of the list before: it only begins with its own.
    for (const name of [/^\s*Jotta(?!\/)/, 'Archive', 'Photos', 'This folder']) await window.pick(name);
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

test('a hostile name is plain text wherever the window shows it', async () => {
  await onSharedStage(
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
