import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { findOnServer, mount, onStage, openFromTree, showNotifications, signIn, typeAtEnd } from './support.ts';

const file = '/Jotta/Archive/hello.md';

test('a read-only mount refuses a save in words, and the server keeps what it has', async () => {
  await onStage(
    async (stage) => {
      await stage.emulator.put(file, 'one\n');
      const window = await stage.openWindow();
      await signIn(stage, window);
      await mount(stage, window);
      await openFromTree(window, 'hello.md');
      await window.editorText.filter({ hasText: 'one' }).waitFor();
      const before = findOnServer(stage.emulator, file);

      await typeAtEnd(window, 'two\n');
      await window.page.keyboard.press('Control+S');
      const told = await showNotifications(window, "Failed to save 'hello.md'");
      await told.filter({ hasText: 'hello.md is mounted read-only. Mount it again with writing allowed' }).waitFor();
      await window.page.locator('.tabs-container .tab.active.dirty').waitFor();
      assert.equal(await readFile(path.join(stage.mountPoint, file), 'utf8'), 'one\n');
      assert.deepEqual(findOnServer(stage.emulator, file), before);
    },
    { settings: { 'mount.readOnly': true } },
  );
});
