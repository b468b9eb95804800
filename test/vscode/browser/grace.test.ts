import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../../support/until.ts';
import { onSharedStage } from './sharedStage.ts';
import { graceMarginMs, graceMs, mount, signIn, unmountMs, watchMount } from './support.ts';

/** Nothing is loaded again here: what is waited for may be short. */
const shortGraceMs = 10_000;

test('a reload keeps the mount without a gap, and the tree and the status come back', async () => {
  await onSharedStage(async (stage) => {
    await stage.emulator.put('/Jotta/Archive/hello.md', '# Hello\n');
    const window = await stage.openWindow();
    await signIn(stage, window);
    const id = await mount(stage, window);
    await window.expand('Jotta');
    await window.treeRow('Archive').first().waitFor();

    const watched = watchMount(stage);
    await window.reload();
    await window.openView('Jottacloud');
    await window.statusBarItem(/^\s*Jottacloud\s*$/).waitFor();
    await window.expand('Jotta');
    await window.expand('Archive');
    await window.treeRow('hello.md').first().waitFor();
    // A drive that counted the reload as the end of the last window would unmount now.
    await delay(graceMs + graceMarginMs);
    assert.deepEqual(await watched.stop(), [id]);
    await window.statusBarItem(/^\s*Jottacloud\s*$/).waitFor();
  });
});

test('the mount stays while one of two windows is left, and goes after the last one', async () => {
  await onSharedStage(
    async (stage) => {
      const first = await stage.openWindow();
      await signIn(stage, first);
      const id = await mount(stage, first);
      const second = await stage.openWindow(path.join(stage.server.home, 'other'));
      // It found the account of the first by itself.
      await second.statusBarItem(/^\s*Jottacloud\s*$/).waitFor();

      const watched = watchMount(stage);
      await first.close();
      await delay(shortGraceMs + graceMarginMs);
      assert.deepEqual(await watched.stop(), [id]);
      await second.statusBarItem(/^\s*Jottacloud\s*$/).waitFor();

      const closedAt = performance.now();
      await second.close();
      await until('nothing is mounted', async () => (await stage.getMountId()) === undefined, shortGraceMs + unmountMs);
      assert.ok(performance.now() - closedAt > shortGraceMs / 2, 'there is a grace for reloading');
    },
    { graceMs: shortGraceMs },
  );
});
