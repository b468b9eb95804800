import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { until } from '../../support/until.ts';
import type { Workbench } from '../harness/workbench.ts';
import { mount, onStage, showNotifications, signIn, untilOnServer } from './support.ts';

const folder = '/Jotta/Archive';

test('work goes on without a network; what was changed on two sides is told once, in one of two windows, and compared', async () => {
  await onStage(async (stage) => {
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
