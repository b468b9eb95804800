import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import { startEmulator } from '../../emulator/emulator.ts';
import { md5 } from '../../support/md5.ts';
import { openSessionWorld, type SessionWorld, showServer } from '../../support/sessionWorld.ts';

const top = '/Jotta/Archive';

/** Another connection to the database of the session. */
async function openBeside(world: SessionWorld): Promise<DatabaseSync> {
  const accounts = join(world.dir, 'state', 'accounts');
  const [account = ''] = await readdir(accounts);
  return new DatabaseSync(join(accounts, account, 'metadata.db'));
}

describe('a database that takes nothing for a while', () => {
  it('has not forgotten an upload whose outcome it did not take: an edit since rests on it', async () => {
    const emulator = await startEmulator({ quirks: { eventSocket: 'no-token' } });
    const world = await openSessionWorld(emulator, { random: () => 0 });
    try {
      let conflicts = 0;
      world.session().conflictMade.on(() => {
        conflicts += 1;
      });
      const db = await openBeside(world);
      db.exec(`CREATE TRIGGER full BEFORE UPDATE ON node WHEN NEW.sMd5 = '${md5('first')}'
        BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END`);
      await world.save(`${top}/a.txt`, 'first');
      const drained = world.drain();
      await world.until('the push failed', () => world.complaints.some((line) => line.includes('push failed')));
      await world.save(`${top}/a.txt`, 'second, longer');
      db.exec('DROP TRIGGER full');
      db.close();
      await drained;
      await world.drain();
      assert.deepEqual(await showServer(emulator, top), { 'a.txt': 'second, longer' });
      assert.equal(emulator.tree().find(({ path }) => path === `${top}/a.txt`)?.revision, 2);
      assert.equal(conflicts, 0);
    } finally {
      await world.close();
      await emulator.close();
    }
  });

  it('leaves a file whose close failed to be sent as it was kept', async () => {
    const emulator = await startEmulator({ quirks: { eventSocket: 'no-token' } });
    const world = await openSessionWorld(emulator);
    try {
      const db = await openBeside(world);
      await world.find(top);
      db.exec(
        "CREATE TRIGGER full BEFORE INSERT ON staging BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END",
      );
      const { vfs } = world.session();
      const options = { writing: true, append: false, truncate: true, exclusive: true };
      const { fh } = await vfs.create(await world.find(top), 'a.txt', 0o644, options);
      await vfs.write(fh, Buffer.from('not kept'), 0);
      await assert.rejects(vfs.flushHandle(fh), { code: 'EIO' });
      await vfs.release(fh);
      db.exec('DROP TRIGGER full');
      db.close();
      assert.equal(await world.readText(`${top}/a.txt`), '');
      await world.drain();
      assert.deepEqual(await showServer(emulator, top), { 'a.txt': '' });
    } finally {
      await world.close();
      await emulator.close();
    }
  });

  it('does not keep a session from its end', async () => {
    const emulator = await startEmulator({ quirks: { eventSocket: 'no-token' } });
    const world = await openSessionWorld(emulator);
    try {
      await world.save(`${top}/a.txt`, 'kept');
      const db = await openBeside(world);
      db.exec(
        "CREATE TRIGGER full BEFORE UPDATE ON staging BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END",
      );
      const { vfs } = world.session();
      const fh = await vfs.open(await world.find(`${top}/a.txt`), { writing: true, append: true, truncate: false });
      await vfs.write(fh, Buffer.from(', and not this'), 0);
      await world.restart(async () => {
        db.exec('DROP TRIGGER full');
        db.close();
      });
      assert.equal(await world.readText(`${top}/a.txt`), 'kept');
    } finally {
      await world.close();
      await emulator.close();
    }
  });

  it('does not fail a rename that was done, for what it cannot tidy up', async () => {
    const emulator = await startEmulator({ quirks: { eventSocket: 'no-token' } });
    const world = await openSessionWorld(emulator);
    try {
      await world.save(`${top}/old.txt`, 'old');
      await world.save(`${top}/new.txt`, 'new');
      const db = await openBeside(world);
      db.exec(
        "CREATE TRIGGER full BEFORE DELETE ON staging BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END",
      );
      await world.rename(`${top}/new.txt`, `${top}/old.txt`);
      db.exec('DROP TRIGGER full');
      db.close();
      await world.restart();
      await world.drain();
      assert.deepEqual(await showServer(emulator, top), { 'old.txt': 'new' });
    } finally {
      await world.close();
      await emulator.close();
    }
  });
});
