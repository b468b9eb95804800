import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import {
  findOnServer,
  mount,
  onStage,
  openFromTree,
  showNotifications,
  signIn,
  typeAtEnd,
  untilOnServer,
} from './support.ts';

const file = '/Jotta/Archive/hello.md';

test('a session that ended asks once to sign in again; then the save that waited arrives', async () => {
  await onStage(async (stage) => {
    await stage.emulator.put(file, 'one\n');
    const window = await stage.openWindow();
    await signIn(stage, window);
    await mount(stage, window);
    await openFromTree(window, 'hello.md');
    await window.editorText.filter({ hasText: 'one' }).waitFor();
    const before = findOnServer(stage.emulator, file);

    stage.emulator.revoke({ access: true });
    await typeAtEnd(window, 'two\n');
    await window.save();
    await window.statusBarItem('Jottacloud: sign in again').waitFor();
    // More work without a session asks no second time.
    await typeAtEnd(window, 'three\n');
    await window.save();
    await window.statusBarItem('Jottacloud: sign in again').waitFor();
    const content = 'one\ntwo\nthree\n';
    assert.equal(await readFile(path.join(stage.mountPoint, file), 'utf8'), content);
    assert.deepEqual(findOnServer(stage.emulator, file), before);
    const notifications = await showNotifications(window, 'Jottacloud asks you to sign in again.');
    assert.equal(await notifications.count(), 1);

    await notifications.getByRole('button', { name: 'Sign In Again' }).click();
    await window.pick('Personal login token');
    await window.answer(stage.emulator.newLoginToken(), 'Paste a personal login token');
    await window.quickInputBox.waitFor({ state: 'hidden' });
    await untilOnServer(stage, file, content);
    await window.statusBarItem(/^\s*Jottacloud\s*$/).waitFor();
  });
});
