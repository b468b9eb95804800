import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { until } from '../../support/until.ts';
import { onStage, showNotifications, untilOnServer } from './support.ts';

test('on a Norwegian VS Code everything that is met on the way to a mounted file is in Bokmål', async () => {
  await onStage(
    async (stage) => {
      await stage.emulator.put('/Jotta/Archive/hei.md', '# Hei\n');
      const window = await stage.openWindow();
      await window.openView('Jottacloud');
      await window.welcomeView('Koble til Jottacloud-kontoen din').first().waitFor();
      await window.welcomeView('Ny her?').getByText('Kom i gang trinn for trinn').click();
      const guide = window.page.locator('.gettingStartedContainer');
      for (const title of ['Installer FUSE 3', 'Hent et innloggingstoken', 'Koble til', 'Monter og åpne']) {
        await guide.locator('.getting-started-step', { hasText: title }).first().waitFor();
      }

      await window.runCommand('Koble til Jottacloud…');
      await window.pick('Personlig innloggingstoken');
      await window.answer('sikkert ikke et token', 'Lim inn et personlig innloggingstoken');
      await window.quickInputMessage.filter({ hasText: 'Dette er ikke et personlig innloggingstoken.' }).waitFor();
      await window.answer(stage.emulator.newLoginToken());
      await window.quickInputBox.waitFor({ state: 'hidden' });
      await window.statusBarItem('Jottacloud: ikke montert').waitFor();

      await window.statusBarItem('Jottacloud: ikke montert').click();
      await window.pick('Monter Jottacloud');
      await until('det er montert', () => stage.getMountId());
      assert.ok((await readdir(stage.mountPoint)).includes('Jotta'));
      await window.treeRow('montert · hele kontoen').waitFor();
      await writeFile(path.join(stage.mountPoint, 'Jotta', 'Archive', 'ny.md'), 'ny\n');
      await untilOnServer(stage, '/Jotta/Archive/ny.md', 'ny\n');
      await window.treeRow('Ferdige').waitFor();

      await window.runCommand('Monter Jottacloud');
      await showNotifications(window, 'er allerede montert');

      // Not the word that stands for a signed-out window.
      await stage.emulator.outage(true);
      await window.statusBarItem('Jottacloud: uten nett').waitFor();
    },
    { language: 'nb' },
  );
});
