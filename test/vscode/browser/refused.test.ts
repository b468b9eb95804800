import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { mount, onStage, showNotifications, signIn, until, untilOnServer } from './support.ts';

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

    const row = window.treeRow(/kept\.txt.*failed/);
    await row.hover();
    await row.getByRole('button', { name: 'Discard Change…' }).click();
    await window.pressDialogButton('Discard');
    await until('the server’s version is shown again', async () => {
      return (await readFile(path.join(mounted, 'kept.txt'), 'utf8')) === 'of the server\n';
    });

    emulator.quota(null);
    const other = window.treeRow(/new\.txt.*failed/);
    await other.hover();
    await other.getByRole('button', { name: 'Retry Failed Transfers' }).click();
    await untilOnServer(stage, `${folder}/new.txt`, 'new\n');
    await window.statusBarItem(/^\s*Jottacloud\s*$/).waitFor();

    emulator.setFaults([{ match: { kind: 'mkDir' }, action: { type: 'status', status: 409 } }]);
    await mkdir(path.join(mounted, 'made'));
    await window.treeRow(/made.*New folder · did not succeed yet, next try at \d/).waitFor();
    emulator.setFaults([]);
    await window.statusBarItem(/^\s*Jottacloud\s*$/).waitFor();
    assert.ok(emulator.tree().some((item) => item.path === `${folder}/made`));
  });
});
