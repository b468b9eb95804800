import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'node:test';
import { blockSum } from '../../../src/content/blockSum.ts';
import { md5 } from '../../support/md5.ts';
import { withWorld } from '../../support/sessionWorld.ts';

it('a small cached file that is not what its md5 says is downloaded again after a start, its checksums right or not', async () => {
  await withWorld({}, {}, async (world, emulator) => {
    const path = '/Jotta/Archive/a.txt';
    await emulator.put(path, 'what the server has');
    assert.equal(await world.readText(path), 'what the server has');
    const [account = ''] = await readdir(join(world.dir, 'cache'));
    const name = md5('what the server has');
    const file = join(world.dir, 'cache', account, name.slice(0, 2), `${name}.0`);
    await world.until('it is cached', () => world.session().store.hasAll(name, 19));
    await world.restart(async () => {
      const other = Buffer.from('what a forger has  ');
      await writeFile(file, Buffer.concat([blockSum(other), other]));
    });
    assert.equal(await world.readText(path), 'what the server has');
    assert.ok(world.complaints.some((line) => line.includes('does not match its md5')));
  });
});
