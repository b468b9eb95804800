import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFile, readlink } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../../support/until.ts';
import {
  graceMarginMs,
  mount,
  onStage,
  showNotifications,
  signIn,
  typeAtEnd,
  unmountMs,
  untilOnServer,
  watchMount,
} from './support.ts';

/** Nothing is loaded again here: what is waited for may be short. */
const graceMs = 10_000;

test('the mount stays while one of two windows is left, and goes after the last one', async () => {
  await onStage(
    async (stage) => {
      const first = await stage.openWindow();
      await signIn(stage, first);
      const id = await mount(stage, first);
      const second = await stage.openWindow(path.join(stage.server.home, 'other'));
      // It found the account of the first by itself.
      await second.statusBarItem(/^\s*Jottacloud\s*$/).waitFor();

      const watched = watchMount(stage);
      await first.close();
      await delay(graceMs + graceMarginMs);
      assert.deepEqual(await watched.stop(), [id]);
      await second.statusBarItem(/^\s*Jottacloud\s*$/).waitFor();

      const closedAt = performance.now();
      await second.close();
      await until('nothing is mounted', async () => (await stage.getMountId()) === undefined, graceMs + unmountMs);
      assert.ok(performance.now() - closedAt > graceMs / 2, 'there is a grace for reloading');
    },
    { graceMs },
  );
});

test('a volume in use that one window unmounts is marked in the tabs of another, where a save says where it went', async () => {
  await onStage(async (stage) => {
    const file = '/Jotta/Archive/hello.md';
    await stage.emulator.put(file, '# Hello\n');
    const first = await stage.openWindow();
    await signIn(stage, first);
    await mount(stage, first);
    const second = await stage.openWindow(path.join(stage.server.home, 'other'));
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
