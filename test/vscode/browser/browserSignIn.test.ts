import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import type { Workbench } from '../harness/workbench.ts';
import { onStage, showNotifications } from './support.ts';

test('a person signs in on the page of a brand: refused once, pasted wrong once, then the account is shown', async () => {
  await onStage(async (stage) => {
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
  await onStage(async (stage) => {
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

/** Chooses a brand and lets VS Code open its page. */
async function openSignInPage(window: Workbench, brand: string): Promise<Page> {
  await window.runCommand('Connect to Jottacloud…');
  const [page] = await Promise.all([window.page.context().waitForEvent('page'), window.pick(brand)]);
  await page.locator('#sign-in').waitFor();
  return page;
}
