import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { graceMarginMs, graceMs, mount, onStage, signIn, watchMount } from './support.ts';

test('a reload keeps the mount without a gap, and the tree and the status come back', async () => {
  await onStage(async (stage) => {
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
