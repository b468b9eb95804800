import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { silentLog } from '../../../src/base/log.ts';
import { parseLoginToken } from '../../../src/jottacloud/auth/loginToken.ts';
import { exchangeLoginToken } from '../../../src/jottacloud/auth/loginTokenExchange.ts';
import { createEndpoints } from '../../../src/jottacloud/urls.ts';
import { until } from '../../support/until.ts';
import { onStage, type Stage, showNotifications } from './support.ts';

test('someone who never read a word gets from the walkthrough to an open, mounted file', async () => {
  await onStage(
    async (stage) => {
      await stage.emulator.put('/Jotta/Archive/hello.md', '# Hello\n');
      const window = await stage.openWindow();
      const { page } = window;
      await window.openView('Jottacloud');
      await window.welcomeView('New here?').getByText('Get started step by step').click();

      const guide = page.locator('.gettingStartedContainer');
      const step = (title: string) => guide.locator('.getting-started-step', { hasText: title });
      const done = (title: string) => step(title).locator('.codicon.complete:visible').first();
      // A click closes a step that is open already.
      const open = async (title: string) => {
        if (!(await step(title).getAttribute('class'))?.includes('expanded')) await step(title).click();
      };

      await open('Install FUSE 3');
      await step('Install FUSE 3').getByRole('button', { name: 'Check for FUSE' }).click();
      await showNotifications(window, 'FUSE is ready');
      await done('Install FUSE 3').waitFor();
      // Nobody has connected: the drive has looked at this computer, and asked nobody else.
      assert.deepEqual(stage.emulator.stats().requests, {});
      await page.keyboard.press('Escape');

      await open('Get a login token');
      await step('Get a login token').getByRole('button', { name: 'Open the Security Page' }).waitFor();

      await open('Connect');
      await step('Connect').getByRole('button', { name: 'Connect to Jottacloud' }).click();
      await window.pick('Personal login token');
      await window.answer('certainly not a token', 'Paste a personal login token');
      await window.quickInputMessage.filter({ hasText: 'This is not a personal login token.' }).waitFor();
      assert.deepEqual(stage.emulator.stats().requests, {});
      await window.answer(await useUpToken(stage));
      await window.quickInputMessage.filter({ hasText: 'was used before or has expired' }).waitFor();
      await window.answer(stage.emulator.newLoginToken());
      await window.quickInputBox.waitFor({ state: 'hidden' });
      await window.treeRow('Jotta').first().waitFor();
      await done('Get a login token').waitFor();
      await done('Connect').waitFor();

      await open('Mount and open');
      await step('Mount and open').getByRole('button', { name: 'Mount Jottacloud' }).click();
      await until('Jottacloud is mounted', () => stage.getMountId());
      await done('Mount and open').waitFor();
      assert.ok((await readdir(stage.mountPoint)).includes('Jotta'));

      await step('Mount and open').getByText('open it in this window').click();
      await window.explorerRow('Jotta').first().waitFor();
      await window.openFile(path.join(stage.mountPoint, 'Jotta', 'Archive', 'hello.md'));
      await window.editorText.filter({ hasText: /#\sHello/ }).waitFor();
    },
    { isComplete: true },
  );
});

/** A login token that somebody has signed in with already. */
async function useUpToken({ emulator }: Stage): Promise<string> {
  const token = emulator.newLoginToken();
  const exchange = { endpoints: createEndpoints(emulator.url), userAgent: 'a test', log: silentLog };
  await exchangeLoginToken(parseLoginToken(token), exchange, AbortSignal.timeout(10_000));
  return token;
}
