import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import type { Workbench } from '../harness/workbench.ts';
import { onSharedStage } from './sharedStage.ts';
import { findOnServer, mount, openFromTree, showNotifications, signIn, typeAtEnd, untilOnServer } from './support.ts';

const file = '/Jotta/Archive/hello.md';

test('a person connects through the palette: a malformed token is refused in words, a good one shows the account', async () => {
  await onSharedStage(async (stage) => {
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

test('a person signs in on the page of a brand: refused once, pasted wrong once, then the account is shown', async () => {
  await onSharedStage(async (stage) => {
    const window = await stage.openWindow();
    await window.openView('Jottacloud');

    const refused = await openSignInPage(window, 'Telia Sky');
    await refused.locator('#refuse').click();
    await refused.getByText('You are not signed in.').waitFor();
    await refused.close();
    await window.quickInputBox.waitFor({ state: 'hidden' });
    await showNotifications(window, 'The sign-in was refused, or cancelled in the browser.');
    assert.deepEqual(stage.emulator.stats().requests.token, undefined);

    const page = await openSignInPage(window, 'Elkjøp Cloud');
    assert.match(page.url(), /\/auth\/realms\/elkjop\//);
    await window.answer('https://www.jottacloud.com/');
    await window.quickInputMessage.filter({ hasText: 'This is not the address of the last page' }).waitFor();
    await page.locator('#sign-in').click();
    await page.getByText('You are signed in.').waitFor();
    await page.close();
    await window.quickInputBox.waitFor({ state: 'hidden' });
    await window.treeRow('Jotta').first().waitFor();
  });
});

test('a sign-in is cancelled by leaving it, and takes the address of a browser elsewhere', async () => {
  await onSharedStage(async (stage) => {
    const window = await stage.openWindow();
    await window.openView('Jottacloud');
    const left = await openSignInPage(window, 'Tele2 Cloud');
    await left.close();
    await window.page.keyboard.press('Escape');
    await window.quickInputBox.waitFor({ state: 'hidden' });
    await window.welcomeView('Connect to your Jottacloud account').first().waitFor();

    const page = await openSignInPage(window, 'Onlime');
    const address = await page.locator('#sign-in').getAttribute('href');
    await page.close();
    await window.answer(address ?? '');
    await window.quickInputBox.waitFor({ state: 'hidden' });
    await window.treeRow('Jotta').first().waitFor();
  });
});

test('a session that ended asks once to sign in again; then the save that waited arrives', async () => {
  await onSharedStage(async (stage) => {
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

/** Chooses a brand and lets VS Code open its page. */
async function openSignInPage(window: Workbench, brand: string): Promise<Page> {
  await window.runCommand('Connect to Jottacloud…');
  const [page] = await Promise.all([window.page.context().waitForEvent('page'), window.pick(brand)]);
  await page.locator('#sign-in').waitFor();
  return page;
}
