import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { until } from '../../support/until.ts';
import type { Workbench } from '../harness/workbench.ts';
import { onSharedStage } from './sharedStage.ts';
import { mount, showNotifications, signIn, typeAtEnd, untilOnServer } from './support.ts';

const folder = '/Jotta/Archive';

test('work goes on without a network; what was changed on two sides is told once, in one of two windows, and compared', async () => {
  await onSharedStage(async (stage) => {
    const { emulator } = stage;
    await emulator.put(`${folder}/hello.md`, 'before\n');
    await emulator.put(`${folder}/cold.md`, 'never opened\n');
    const first = await stage.openWindow();
    await signIn(stage, first);
    await mount(stage, first);
    const second = await stage.openWindow(path.join(stage.server.home, 'other'));
    await second.statusBarItem(/^\s*Jottacloud\s*$/).waitFor();
    const mounted = path.join(stage.mountPoint, folder);
    assert.equal(await readFile(path.join(mounted, 'hello.md'), 'utf8'), 'before\n');

    await emulator.outage(true);
    await writeFile(path.join(mounted, 'hello.md'), 'written here\n');
    // Both windows say so; nobody is asked anything.
    for (const window of [first, second]) await window.statusBarItem('Jottacloud: offline').waitFor();
    assert.equal(await readFile(path.join(mounted, 'hello.md'), 'utf8'), 'written here\n');
    assert.equal(await first.notification(/./).count(), 0);

    await emulator.put(`${folder}/hello.md`, 'written elsewhere\n');
    await emulator.outage(false);
    const copy = await until('both versions are there', async () => {
      return (await readdir(mounted)).find((name) => name.includes('conflicted copy'));
    });
    await untilOnServer(stage, `${folder}/${copy}`, 'written here\n');
    assert.equal(await readFile(path.join(mounted, 'hello.md'), 'utf8'), 'written elsewhere\n');

    const text = 'hello.md was changed here and elsewhere.';
    // A toast goes by itself; the bell keeps its dot.
    const bell = (window: Workbench) => window.page.locator('.statusbar-item .codicon-bell-dot');
    const told = await until('a window tells', async () => {
      for (const window of [first, second]) if ((await bell(window).count()) > 0) return window;
      return undefined;
    });
    const other = told === first ? second : first;
    await other.statusBarItem(/^\s*Jottacloud\s*$/).waitFor();
    assert.equal(await bell(other).count(), 0);
    await (await showNotifications(told, text)).getByRole('button', { name: 'Compare' }).click();
    const diff = told.page.locator('.monaco-diff-editor');
    await diff
      .filter({ hasText: /written\selsewhere/ })
      .first()
      .waitFor();
    await diff
      .filter({ hasText: /written\shere/ })
      .first()
      .waitFor();
    // Where they are compared, one of them is kept.
    await told.page.locator('.editor-actions a.action-label[aria-label^="Keep Mine"]').click();
    await untilOnServer(stage, `${folder}/hello.md`, 'written here\n');
    await until('the copy is gone', async () => !(await readdir(mounted)).some((name) => name.includes('conflicted')));

    // The editor of a file that is not here stays empty; a message says why.
    await emulator.outage(true);
    await told.statusBarItem('Jottacloud: offline').waitFor({ timeout: 60_000 });
    await told.openFile(path.join(mounted, 'cold.md'));
    const cold = await showNotifications(told, 'cold.md is not on this computer, and Jottacloud cannot be reached.');
    await emulator.outage(false);
    await told.statusBarItem(/^\s*Jottacloud\s*$/).waitFor();
    await cold.getByRole('button', { name: 'Try Again' }).click();
    await told.editorText.filter({ hasText: /never\sopened/ }).waitFor();
  });
});

test('a volume in use that one window unmounts is marked in the tabs of another, where a save says where it went', async () => {
  await onSharedStage(async (stage) => {
    const file = '/Jotta/Archive/hello.md';
    await stage.emulator.put(file, '# Hello\n');
    const first = await stage.openWindow();
    await signIn(stage, first);
    await mount(stage, first);
    const second = await stage.openWindow(path.join(stage.server.home, 'third'));
    await second.statusBarItem(/^\s*Jottacloud\s*$/).waitFor();
    const mounted = path.join(stage.mountPoint, file);
    await second.openFile(mounted);
    await typeAtEnd(second, 'again\n');

    const folder = path.dirname(mounted);
    const holder = spawn('sh', ['-c', `cd '${folder}' && exec sleep 600`]);
    try {
      await until('it works there', async () => (await readlink(`/proc/${holder.pid}/cwd`)) === folder);
      await first.runCommand('Unmount Jottacloud');
      const busy = await showNotifications(first, 'still uses');
      await busy.getByRole('button', { name: 'Unmount Anyway' }).click();
      await until('it is unmounted', async () => (await stage.getMountId()) === undefined);
      await second.page.locator('.tabs-container .tab [aria-label*="not mounted"]').waitFor();

      await second.page.keyboard.press('Control+S');
      const told = await showNotifications(second, 'hello.md was saved on this computer only');
      assert.equal(await readFile(mounted, 'utf8'), '# Hello\nagain\n');
      await told.getByRole('button', { name: 'Mount Again' }).click();
      const refused = await showNotifications(second, 'holds files that were saved while it was not mounted');
      await refused.getByRole('button', { name: 'Bring In File…' }).click();
      await second.dialog.filter({ hasText: 'hello.md is there already.' }).waitFor();
      await second.pressDialogButton('Replace');
      await untilOnServer(stage, file, '# Hello\nagain\n');
      await until('it is mounted again', () => stage.getMountId());
      await second.page.locator('.tabs-container .tab [aria-label*="not mounted"]').waitFor({ state: 'detached' });
    } finally {
      holder.kill('SIGKILL');
    }
  });
});
