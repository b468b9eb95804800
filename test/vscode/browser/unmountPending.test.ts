import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdir, readdir, readlink, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { until } from '../../support/until.ts';
import { findOnServer, mount, onStage, showNotifications, signIn, untilOnServer } from './support.ts';

const folder = '/Jotta/Archive';

test('unmounting keeps what is not uploaded yet when told to, else waits for it; what is saved afterwards is brought in', async () => {
  await onStage(async (stage) => {
    await stage.emulator.put(`${folder}/hello.md`, '# Hello\n');
    const window = await stage.openWindow();
    await signIn(stage, window);
    await mount(stage, window);
    await window.runCommand('Jottacloud: Pause Transfers');
    await window.statusBarItem('Jottacloud: paused').waitFor();
    await writeFile(path.join(stage.mountPoint, folder, 'late.txt'), 'late\n');
    await window.treeRow('late.txt').first().waitFor();

    await window.runCommand('Unmount Jottacloud');
    const asked = await showNotifications(window, 'Changes that are not uploaded yet: 1.');
    assert.ok(await stage.getMountId(), 'nothing is unmounted without an answer');
    await asked.getByRole('button', { name: 'Unmount Anyway' }).click();
    await until('it is unmounted', async () => (await stage.getMountId()) === undefined);
    assert.equal(findOnServer(stage.emulator, `${folder}/late.txt`), undefined);

    await mount(stage, window);
    await window.runCommand('Jottacloud: Resume Transfers');
    await untilOnServer(stage, `${folder}/late.txt`, 'late\n');
    await window.treeRow('Finished').first().waitFor();

    stage.emulator.shape({ latency: 1_500 });
    await writeFile(path.join(stage.mountPoint, folder, 'slow.txt'), 'slow\n');
    await window.treeRow('slow.txt').first().waitFor();
    await window.runCommand('Unmount Jottacloud');
    await until('it is unmounted', async () => (await stage.getMountId()) === undefined);
    assert.ok(findOnServer(stage.emulator, `${folder}/slow.txt`), 'it was sent before the volume went');

    // The bare mount point refuses what would be written to it; what is there nevertheless is brought into the account.
    assert.equal((await stat(stage.mountPoint)).mode & 0o777, 0o500);
    const bare = path.join(stage.mountPoint, folder);
    await mkdir(path.join(bare, 'new folder'), { recursive: true });
    await writeFile(path.join(bare, 'hello.md'), '# Hello again\n');
    await writeFile(path.join(bare, 'new folder', 'new.md'), '# New\n');
    await window.runCommand('Mount Jottacloud');
    const refused = await showNotifications(window, 'holds files that were saved while it was not mounted');
    await refused.getByRole('button', { name: 'Bring In 2 Files…' }).click();
    await window.dialog.filter({ hasText: 'hello.md is there already.' }).waitFor();
    await window.pressDialogButton('Replace');
    await untilOnServer(stage, `${folder}/hello.md`, '# Hello again\n');
    await untilOnServer(stage, `${folder}/new folder/new.md`, '# New\n');
    assert.equal(findOnServer(stage.emulator, `${folder}/hello.md`)?.revision, 2, 'the version before is kept');
    assert.ok(await stage.getMountId());
    await until('nothing is left behind', async () => (await readdir(path.dirname(stage.mountPoint))).length === 1);

    // A program that works in the volume is named, and does not keep it when told so; leaving the account asks the same.
    const leave = {
      'Unmount Jottacloud': async () => {},
      'Disconnect from Jottacloud': () => window.pressDialogButton('Disconnect'),
    };
    for (const [command, answer] of Object.entries(leave)) {
      if ((await stage.getMountId()) === undefined) await mount(stage, window);
      const holder = spawn('sh', ['-c', `cd '${bare}' && exec sleep 600`]);
      try {
        await until('it works there', async () => (await readlink(`/proc/${holder.pid}/cwd`)) === bare);
        await window.runCommand(command);
        await answer();
        const busy = await showNotifications(window, 'sleep still uses');
        assert.ok(await stage.getMountId());
        await busy.getByRole('button', { name: 'Unmount Anyway' }).click();
        await until('it is unmounted', async () => (await stage.getMountId()) === undefined);
      } finally {
        holder.kill('SIGKILL');
      }
    }
    await window.welcomeView('Connect to your Jottacloud account').first().waitFor();
  });
});
