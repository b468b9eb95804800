import assert from 'node:assert/strict';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type SessionWorld, showServer, withWorld } from '../../support/sessionWorld.ts';

const top = '/Jotta/Archive';
const writing = { writing: true, append: false, truncate: false };

async function getAccountDir(world: SessionWorld): Promise<string> {
  const accounts = join(world.dir, 'state', 'accounts');
  const [account = ''] = await readdir(accounts);
  return join(accounts, account);
}

describe('a staging file', () => {
  it('that somebody deleted is a failed change; the file can be saved anew or given up, and the rest goes on', async () => {
    await withWorld({}, {}, async (world, emulator) => {
      await emulator.put(`${top}/known.txt`, 'on the server');
      const known = await world.save(`${top}/known.txt`, 'an edit');
      const anew = await world.save(`${top}/anew.txt`, 'first');
      const staging = join(await getAccountDir(world), 'staging');
      // From here on nothing of ours has them open.
      await world.session().vfs.sync();
      for (const id of await readdir(staging)) await rm(join(staging, id));
      await world.save(`${top}/other.txt`, 'other');
      await world.drain();
      const { nodes, vfs } = world.session();
      assert.deepEqual([nodes.get(known)?.failure, nodes.get(anew)?.failure], ['vanished', 'vanished']);
      assert.deepEqual(await showServer(emulator, top), { 'known.txt': 'on the server', 'other.txt': 'other' });
      await world.save(`${top}/anew.txt`, 'saved anew');
      await vfs.discard(known, { host: 'host', now: 0 });
      await world.drain();
      assert.equal(await world.readText(`${top}/known.txt`), 'on the server');
      assert.deepEqual(await showServer(emulator, top), {
        'anew.txt': 'saved anew',
        'known.txt': 'on the server',
        'other.txt': 'other',
      });
    });
  });

  for (const [whose, prepare] of Object.entries({
    'a new file': async () => {},
    'a file of the server': async (world: SessionWorld) => {
      await world.save(`${top}/a.txt`, 'sent');
      await world.drain();
    },
  })) {
    it(`of ${whose} that was removed while open is gone at the next start, though its last close never came`, async () => {
      await withWorld({}, {}, async (world, emulator) => {
        await prepare(world);
        const ino = await world.save(`${top}/a.txt`, 'not sent');
        await world.session().vfs.open(ino, writing);
        await world.unlink(`${top}/a.txt`);
        await world.restart();
        assert.deepEqual(await readdir(join(await getAccountDir(world), 'staging')), []);
        await world.drain();
        await world.restart();
        assert.equal(world.session().rescued, null);
        assert.deepEqual(await showServer(emulator, top), {});
      });
    });
  }

  it('that cannot be replaced after its upload is still read', async () => {
    await withWorld({}, {}, async (world) => {
      const ino = await world.save(`${top}/a.txt`, 'sent');
      const { vfs } = world.session();
      const fh = await vfs.open(ino, writing);
      await vfs.write(fh, Buffer.from('S'), 0);
      await vfs.flushHandle(fh);
      await world.drain();
      const staging = join(await getAccountDir(world), 'staging');
      await rm(staging, { recursive: true });
      await assert.rejects(vfs.write(fh, Buffer.from('x'), 0));
      assert.equal(String(await vfs.read(fh, 0, 10)), 'Sent');
    });
  });
});
