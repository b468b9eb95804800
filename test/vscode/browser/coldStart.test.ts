import path from 'node:path';
import { test } from 'node:test';
import { endDrive, mount, onStage, signIn, until } from './support.ts';

test('a window opened on a mounted folder, cold, mounts it and shows what is in it', async () => {
  await onStage(async (stage) => {
    await stage.emulator.put('/Jotta/Archive/hello.md', '# Hello\n');
    const first = await stage.openWindow();
    await signIn(stage, first);
    await mount(stage, first);
    const folder = path.join(stage.mountPoint, 'Jotta', 'Archive');
    // As after a night: no window, no drive, an empty mount point.
    await first.close();
    await endDrive(stage.stateDir, stage.mountPoint);
    await until('nothing is mounted', async () => (await stage.getMountId()) === undefined);

    const second = await stage.openWindow(folder, { isThere: true });
    await until('it is mounted', () => stage.getMountId());
    await second.openView('Explorer');
    await second.explorerRow('hello.md').first().waitFor();
    await second.explorerRow('hello.md').first().dblclick();
    await second.editorText.filter({ hasText: /#\sHello/ }).waitFor();
  });
});
