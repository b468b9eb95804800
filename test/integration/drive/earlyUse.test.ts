import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'node:test';
import { silentLog } from '../../../src/base/log.ts';
import { Mounts } from '../../../src/drive/mounts.ts';
import type { NameChange, VolumeView } from '../../../src/volume/volume.ts';
import { type SessionWorld, withWorld } from '../../support/sessionWorld.ts';

const source = '/Jotta/Archive';

/** Mounts two volumes that programs use, with `use`, before the driver has said that they are there. Answers what each was told. */
async function mountTwo(world: SessionWorld, use: (view: VolumeView) => Promise<void>): Promise<NameChange[][]> {
  const told: NameChange[][] = [];
  const driver = {
    name: 'stand-in',
    prepare: async () => {},
    mount: async (mountPoint: string, _name: string, view: VolumeView) => {
      await use(view);
      const changes: NameChange[] = [];
      told.push(changes);
      const gone = Promise.withResolvers<void>();
      const unmount = async () => {
        gone.resolve();
        return true;
      };
      const notify = (change: NameChange) => void changes.push(change);
      return { kind: 'fuse' as const, mountPoint, gone: gone.promise, notify, told: async () => {}, unmount };
    },
  };
  const options = { getDrivers: () => [driver], previewsDownload: () => false };
  const mounts = new Mounts(world.session(), [], silentLog, options);
  try {
    for (const name of ['first', 'second']) {
      const mountPoint = join(world.dir, name);
      await mkdir(mountPoint);
      await mounts.mount({ mountPoint, source, readOnly: false });
    }
  } finally {
    await mounts.close();
  }
  return told;
}

it('a program may change a volume in the moment in which it appears, and the other volumes are told', async () => {
  await withWorld({}, {}, async (world) => {
    const parent = await world.find(source);
    const [first, second] = await mountTwo(world, async (view) => view.onChanged({ parent, name: 'new.txt' }));
    assert.deepEqual(first, [{ parent, name: 'new.txt' }]);
    assert.deepEqual(second, []);
  });
});

it('a volume is told of what changed elsewhere while it was being made', async () => {
  await withWorld({}, {}, async (world, emulator) => {
    await emulator.put(`${source}/a.txt`, 'as it was');
    assert.equal(await world.readText(`${source}/a.txt`), 'as it was');
    let content = 'as it is';
    const told = await mountTwo(world, async () => {
      await emulator.put(`${source}/a.txt`, content);
      await world.poll();
      content = 'as it is now';
    });
    assert.deepEqual(
      told.map((changes) => changes.map(({ name }) => name)),
      [['a.txt', 'a.txt'], ['a.txt']],
    );
  });
});
