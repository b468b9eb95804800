import assert from 'node:assert/strict';
import { type FSWatcher, watch } from 'node:fs';
import { open, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { until } from '../support/until.ts';
import { createWorld, type Headless, remoteFiles, type World } from './support.ts';

const archive = '/Jotta/Archive';

describe('watchers of files in a volume', () => {
  let world: World;
  let drive: Headless;
  const watchers: FSWatcher[] = [];
  const path = (...names: string[]) => join(drive.mountPoint, ...names);

  before(async () => {
    world = await createWorld();
    for (const name of ['stays.txt', 'goes.txt', 'open.txt', 'moves.txt', 'folder/in it.txt']) {
      await world.emulator.put(`${archive}/${name}`, `${name}\n`);
    }
    drive = await world.start({ loginToken: world.emulator.newLoginToken(), settleMs: 50, driver: 'fuse' });
    // The emulator is in this process, which must not wait for it in a call of the system.
    await readdir(path(), { withFileTypes: true });
    for (const name of await readdir(path())) await stat(path(name));
  });
  afterEach(() => {
    for (const watcher of watchers.splice(0)) watcher.close();
  });
  after(() => world.close());

  /** The names that watchers of a folder, or of one file, hear of from now on. */
  function listen(...names: string[]): Set<string> {
    const heard = new Set<string>();
    watchers.push(watch(path(...names), (event, name) => event === 'rename' && heard.add(String(name))));
    return heard;
  }

  it('hear of files and folders that are made elsewhere, which are as they were made', async () => {
    const heard = listen();
    await world.emulator.put(`${archive}/comes.txt`, 'from elsewhere\n');
    world.emulator.mkdir(`${archive}/comes too`);
    await until('both are told', () => heard.has('comes.txt') && heard.has('comes too'));
    assert.equal(await readFile(path('comes.txt'), 'utf8'), 'from elsewhere\n');
    assert.ok((await stat(path('comes too'))).isDirectory());
    assert.equal((await stat(path('comes.txt'))).nlink, 1);
    await writeFile(path('comes too', 'of here.txt'), 'of here\n');
    await until('it is as good as any other', () => remoteFiles(world.emulator).has('comes too/of here.txt'));
    assert.equal(remoteFiles(world.emulator).get('comes.txt')?.revision, 1, 'nothing was sent for it');
  });

  it('hear of what is removed elsewhere, also who watches the file alone', async () => {
    const [heard, ofFile] = [listen(), listen('goes.txt')];
    world.emulator.remove(`${archive}/goes.txt`);
    world.emulator.remove(`${archive}/folder`);
    await until('both are told', () => heard.has('goes.txt') && heard.has('folder'));
    await until('the watcher of the file too', () => ofFile.has('goes.txt'));
    assert.deepEqual(
      (await readdir(path())).filter((name) => name === 'goes.txt' || name === 'folder'),
      [],
    );
    await assert.rejects(stat(path('goes.txt')), { code: 'ENOENT' });
  });

  it('hear of a move elsewhere; the file is where it went, whole', async () => {
    const heard = listen();
    world.emulator.move(`${archive}/moves.txt`, `${archive}/moved.txt`);
    await until('both names are told', () => heard.has('moves.txt') && heard.has('moved.txt'));
    assert.equal(await readFile(path('moved.txt'), 'utf8'), 'moves.txt\n');
    assert.equal((await stat(path('moved.txt'))).nlink, 1);
  });

  it('leave the bytes of a removed file to the program that has it open', async () => {
    const heard = listen();
    const handle = await open(path('open.txt'));
    try {
      world.emulator.remove(`${archive}/open.txt`);
      await until('it is told', () => heard.has('open.txt'));
      assert.equal(await handle.readFile('utf8'), 'open.txt\n');
      assert.equal((await handle.stat()).nlink, 0);
    } finally {
      await handle.close();
    }
  });

  it('cause no change on the server, and do not keep the volume from being unmounted', async () => {
    const heard = listen();
    await world.emulator.put(`${archive}/last.txt`, 'last\n');
    await until('it is told', () => heard.has('last.txt'));
    for (const watcher of watchers.splice(0)) watcher.close();
    const before = world.emulator.tree();
    assert.equal(await drive.stop(), 0);
    assert.deepEqual(world.emulator.tree(), before);
  });
});
