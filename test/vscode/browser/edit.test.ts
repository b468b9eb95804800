import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { mount, onStage, openFromTree, signIn, typeAtEnd, untilOnServer } from './support.ts';

const file = '/Jotta/Archive/hello.md';

test('a person connects through the palette: a malformed token is refused in words, a good one shows the account', async () => {
  await onStage(async (stage) => {
    const window = await stage.openWindow();
    await window.openView('Jottacloud');
    await window.welcomeView('Connect to your Jottacloud account').first().waitFor();
    assert.equal(await window.statusBarItem('Jottacloud').count(), 0);

    await window.runCommand('Connect to Jottacloud…');
    await window.pick('Personal login token');
    stage.emulator.resetStats();
    await window.answer('certainly not a token', 'Paste a personal login token');
    await window.quickInputMessage.filter({ hasText: 'This is not a personal login token.' }).waitFor();
    assert.deepEqual(stage.emulator.stats().requests, {});

    await window.answer(stage.emulator.newLoginToken());
    await window.quickInputBox.waitFor({ state: 'hidden' });
    await window.treeRow('Jotta').first().waitFor();
    await window.treeRow('Laptop').first().waitFor();
    await window.statusBarItem(/^\s*Jottacloud: not mounted\s*$/).waitFor();
    assert.equal(await stage.getMountId(), undefined);
  });
});

test('a file opens from the tree at its mounted path, a save of it arrives, and a change elsewhere is shown', async () => {
  await onStage(async (stage) => {
    await stage.emulator.put(file, '# Hello\n');
    const window = await stage.openWindow();
    await signIn(stage, window);
    await mount(stage, window);
    await openFromTree(window, 'hello.md');
    await window.editorText.filter({ hasText: /#\sHello/ }).waitFor();
    const mounted = path.join(stage.mountPoint, file);
    await window.tab(path.dirname(mounted)).waitFor();

    await typeAtEnd(window, 'written in VS Code');
    await window.save();
    const content = '# Hello\nwritten in VS Code';
    assert.equal(await readFile(mounted, 'utf8'), content);
    await untilOnServer(stage, file, content);
    await window.statusBarItem(/^\s*Jottacloud\s*$/).waitFor();

    // The editor follows what another computer writes.
    await stage.emulator.put(file, 'written elsewhere\n');
    await window.runCommand('Jottacloud: Refresh');
    await window.editorText.filter({ hasText: /written\selsewhere/ }).waitFor();
  });
});
