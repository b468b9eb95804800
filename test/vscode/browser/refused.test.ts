import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { until } from '../../support/until.ts';
import { mount, onStage, showNotifications, signIn, untilOnServer } from './support.ts';

const folder = '/Jotta/Archive';

test('a full account is told once, what was refused can be discarded or tried again; what does not succeed says so', async () => {
  await onStage(async (stage) => {
    const { emulator } = stage;
    await emulator.put(`${folder}/kept.txt`, 'of the server\n');
    const window = await stage.openWindow();
    await signIn(stage, window);
    await mount(stage, window);
    const mounted = path.join(stage.mountPoint, folder);
    assert.equal(await readFile(path.join(mounted, 'kept.txt'), 'utf8'), 'of the server\n');

    emulator.quota(1);
    await writeFile(path.join(mounted, 'kept.txt'), 'of this computer\n');
    await writeFile(path.join(mounted, 'new.txt'), 'new\n');
    await window.statusBarItem('Jottacloud: 2 failed').waitFor();
    const told = await showNotifications(window, 'Your Jottacloud storage is full.');
    assert.equal(await told.count(), 1);
    await told.getByRole('button', { name: 'Show Transfers' }).click();

    // The remedy is the first thing that the status bar offers.
    await window.statusBarItem('Jottacloud: 2 failed').click();
    await window.quickPickRow('2 failed: Show').and(window.page.locator('[data-index="0"]')).waitFor();
    await window.page.keyboard.press('Enter');
    // A row of the Files view has the same ways out.
    await window.expand('Jotta');
    await window.expand('Archive');
    await window.openRowMenu(window.treeRow(/^\s*kept\.txt/).first());
    for (const action of ['Try Again', 'Export a Copy…', 'Discard Change…']) {
      await window.page.locator('.context-view .action-item', { hasText: action }).first().waitFor();
    }
    await window.page.keyboard.press('Escape');

    const row = window.treeRow(/kept\.txt.*failed ·/);
    await row.hover();
    await row.getByRole('button', { name: 'Discard Change…' }).click();
    await window.pressDialogButton('Discard');
    await until('the server’s version is shown again', async () => {
      return (await readFile(path.join(mounted, 'kept.txt'), 'utf8')) === 'of the server\n';
    });

    emulator.quota(null);
    const other = window.treeRow(/new\.txt.*failed ·/);
    await other.hover();
    await other.getByRole('button', { name: 'Try Again' }).click();
    await untilOnServer(stage, `${folder}/new.txt`, 'new\n');
    await window.statusBarItem(/^\s*Jottacloud\s*$/).waitFor();

    // What is on its way tells its pace, and can be stopped and taken up again.
    emulator.shape({ bandwidth: 1_000_000 });
    // More than lies in the buffers of a connection.
    await writeFile(path.join(mounted, 'large.bin'), randomBytes(24_000_000));
    // What matters comes first: the side bar is narrow.
    const large = window.treeRow(/large\.bin\s*\d+ % · .*B\/s · .* left · /);
    await large.hover();
    await large.getByRole('button', { name: 'Stop Transfer' }).click();
    await window.treeRow(/large\.bin.*Upload stopped/).waitFor();
    await window.statusBarItem(/^\s*Jottacloud\s*$/).waitFor();
    emulator.shape({ bandwidth: undefined });
    await window.treeRow(/large\.bin.*Upload stopped/).hover();
    await window
      .treeRow(/large\.bin.*Upload stopped/)
      .getByRole('button', { name: 'Try Again' })
      .click();
    await until('it is up', () => emulator.tree().some((item) => item.path === `${folder}/large.bin`));

    emulator.setFaults([{ match: { kind: 'mkDir' }, action: { type: 'status', status: 409 } }]);
    await mkdir(path.join(mounted, 'made'));
    await window.treeRow(/made.*New folder · did not succeed yet, next try at \d/).waitFor();
    emulator.setFaults([]);
    await window.statusBarItem(/^\s*Jottacloud\s*$/).waitFor();
    assert.ok(emulator.tree().some((item) => item.path === `${folder}/made`));
  });
});
