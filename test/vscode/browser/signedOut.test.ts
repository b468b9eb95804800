import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { findOnServer, mount, onStage, openFromTree, signIn, typeAtEnd, until, untilOnServer } from './support.ts';

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
    const request = window.notification('Jottacloud asks you to sign in again.');
    await request.first().waitFor();
    await window.statusBarItem('Jottacloud: sign in again').waitFor();
    // More work without a session asks no second time.
    await typeAtEnd(window, 'three\n');
    await window.save();
    await window.runCommand('Jottacloud: Refresh');
    await window.statusBarItem('Jottacloud: sign in again').waitFor();
    const content = 'one\ntwo\nthree\n';
    assert.equal(await readFile(path.join(stage.mountPoint, file), 'utf8'), content);
    assert.deepEqual(findOnServer(stage.emulator, file), before);
    assert.equal(await request.count(), 1);
    assert.equal(await window.notification(/./).count(), 1);

    await window.pressNotificationButton('Jottacloud asks you to sign in again.', 'Sign In Again');
    await window.answer(stage.emulator.newLoginToken(), 'Paste a personal login token');
    await window.quickInputBox.waitFor({ state: 'hidden' });
    await untilOnServer(stage, file, content);
    await window.statusBarItem(/^\s*Jottacloud\s*$/).waitFor();
    await until('no message is left', async () => (await window.notification(/./).count()) === 0);
  });
});
