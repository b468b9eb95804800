import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { until } from '../support/until.ts';
import { createWorld, type Headless, remoteFiles, run, type World } from './support.ts';

const files = 1_500;

describe('a crowded folder', { timeout: 170_000 }, () => {
  let world: World;
  let drive: Headless;
  before(async () => {
    world = await createWorld({ quirks: { eventSocket: 'no-token' } });
    drive = await world.start({ loginToken: world.emulator.newLoginToken(), pollSeconds: 1 });
    await readdir(drive.mountPoint);
  });
  after(() => world.close());

  it('is removed while it is listed and while another program makes names in it', async () => {
    const folder = join(drive.mountPoint, 'crowded');
    await mkdir(folder);
    for (let at = 0; at < files; at += 1) await writeFile(join(folder, `${at}`), '');
    let isMaking = true;
    let isListing = true;
    const listing = (async () => {
      let lists = 0;
      for (; isListing; lists += 1) await run('ls', ['-la', folder], { maxBuffer: 64 * 1024 ** 2 }).catch(() => {});
      return lists;
    })();
    const making = (async () => {
      let made = 0;
      for (; isMaking; made += 1) await writeFile(join(folder, `new ${made}`), `${made}`).catch(() => {});
      return made;
    })();
    // As on any file system: what is made behind it keeps the folder.
    await run('rm', ['-rf', folder]).catch((error: Error) => assert.match(error.message, /not empty/));
    isMaking = false;
    assert.ok((await making) > 0);
    await run('rm', ['-rf', folder]);
    isListing = false;
    assert.ok((await listing) > 0);
    assert.deepEqual(await readdir(drive.mountPoint), []);
    await until('the server follows', () => remoteFiles(world.emulator).size === 0, 60_000);
    assert.doesNotMatch(drive.log(), /ERROR/);
  });
});
