import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { until } from '../../support/until.ts';
import type { Workbench } from '../harness/workbench.ts';
import { onSharedStage } from './sharedStage.ts';
import { endDrive, mount, type Stage, showNotifications, signIn } from './support.ts';

test('a window opened on a mount point, cold, mounts it and shows what is in it', async () => {
  await onSharedStage(async (stage) => {
    await stage.emulator.put('/Jotta/Archive/hello.md', '# Hello\n');
    const first = await stage.openWindow();
    await signIn(stage, first);
    await mount(stage, first);
    // As after a night: no window, no drive, an empty mount point.
    await first.close();
    await endDrive(stage.stateDir, stage.mountPoint);
    await until('nothing is mounted', async () => (await stage.getMountId()) === undefined);

    const second = await stage.openWindow(stage.mountPoint);
    await until('it is mounted', () => stage.getMountId());
    await second.openView('Explorer');
    await second.explorerRow('Jotta').first().waitFor();
    await second.openFile(path.join(stage.mountPoint, 'Jotta', 'Archive', 'hello.md'));
    await second.editorText.filter({ hasText: /#\sHello/ }).waitFor();

    // A whole account in the explorer: what VS Code would do to it is told, and taken back by one button.
    const told = await showNotifications(second, 'is a whole Jottacloud mount.');
    await told.getByRole('button', { name: 'Turn Off Watching Only' }).click();
    const settings = path.join(stage.server.userDataDir, 'User', 'settings.json');
    await until('it is not watched', async () => {
      const text = await readFile(settings, 'utf8');
      return text.includes('files.watcherExclude') && text.includes(`${stage.mountPoint}/**`);
    });
  });
});

test('a window opened on a folder inside a mount, cold, mounts it and shows what is in the folder', async () => {
  await onSharedStage(async (stage) => {
    const { window, folder } = await openInsideMount(stage);
    await until('it is mounted', () => stage.getMountId());
    await window.explorerRow('hello.md').first().waitFor();
    await window.dialog.waitFor({ state: 'detached' });
    await window.statusBarItem(/^\s*Jottacloud\s*$/).waitFor();
    await window.openFile(path.join(folder, 'hello.md'));
    await window.editorText.filter({ hasText: /#\sHello/ }).waitFor();
  });
});

test('such a window is reloaded once, even when the drive ends before it is back', async () => {
  await onSharedStage(
    async (stage) => {
      const { window } = await openInsideMount(stage);
      let loads = 0;
      window.page.on('load', () => {
        loads += 1;
      });
      await window.notification('is mounted now').waitFor({ timeout: 60_000 });
      await window.explorerRow('hello.md').first().waitFor();
      assert.equal(loads, 1);
    },
    // A reload takes seconds: nothing is mounted when the window is there again.
    { graceMs: 500 },
  );
});

/** Opens a window on a folder of a mount that is not mounted: VS Code says that there is no such folder, until there is. */
async function openInsideMount(stage: Stage): Promise<{ window: Workbench; folder: string }> {
  await stage.emulator.put('/Jotta/Archive/project/hello.md', '# Hello\n');
  const first = await stage.openWindow();
  await signIn(stage, first);
  await mount(stage, first);
  await first.close();
  await endDrive(stage.stateDir, stage.mountPoint);
  await until('nothing is mounted', async () => (await stage.getMountId()) === undefined);
  const folder = path.join(stage.mountPoint, 'Jotta', 'Archive', 'project');
  return { window: await stage.openWindow(folder, { create: false }), folder };
}
