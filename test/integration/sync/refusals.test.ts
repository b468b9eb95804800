import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { defaultNetworkOptions } from '../../../src/base/networkOptions.ts';
import { transferStates } from '../../../src/drive/windows/transfers.ts';
import type { RemoteErrorKind } from '../../../src/sync/tree/remote.ts';
import { type Emulator, type EmulatorOptions, startEmulator } from '../../emulator/emulator.ts';
import { openSessionWorld, showServer, withWorld } from '../../support/sessionWorld.ts';
import { TestClock } from '../../support/testClock.ts';

const top = '/Jotta/Archive';
interface Refusal {
  readonly what: string;
  readonly reason: RemoteErrorKind;
  readonly emulator?: Partial<EmulatorOptions>;
  readonly name?: string;
  readonly refuse: (emulator: Emulator) => void;
  readonly relent: (emulator: Emulator) => void;
}

const used = (emulator: Emulator) => emulator.tree().reduce((sum, { size }) => sum + size, 0);

const refusals: readonly Refusal[] = [
  {
    what: 'a full account, told when an upload is announced',
    reason: 'quota',
    refuse: (emulator) => emulator.quota(used(emulator) + 50),
    relent: (emulator) => emulator.quota(null),
  },
  {
    what: 'a full account, told when the bytes come',
    reason: 'quota',
    emulator: { quirks: { quotaAt: 'upload' } },
    refuse: (emulator) => emulator.quota(used(emulator) + 50),
    relent: (emulator) => emulator.quota(null),
  },
  {
    what: 'a locked account',
    reason: 'writeLocked',
    refuse: (emulator) => emulator.lock({ write: true }),
    relent: (emulator) => emulator.lock({}),
  },
  {
    what: 'a name the server does not take',
    reason: 'invalidName',
    emulator: { quirks: { nameLimit: 'bytes' } },
    // 255 bytes here, three times as many in the look-alikes that travel.
    name: '?'.repeat(255),
    refuse: () => {},
    relent: () => {},
  },
];

describe('a change the server refuses', () => {
  for (const { what, reason, emulator: given = {}, name = 'refused.txt', refuse, relent } of refusals) {
    it(`for ${what}: is kept with its reason over a restart, while the rest goes on`, async () => {
      await withWorld(given, {}, async (world, emulator) => {
        const content = 'refused '.repeat(100);
        refuse(emulator);
        const ino = await world.save(`${top}/${name}`, content);
        await world.drain();
        const failed = () =>
          world
            .session()
            .nodes.getFailed()
            .map((row) => [row.ino, row.failure]);
        assert.deepEqual(failed(), [[ino, reason]]);
        if (reason !== 'writeLocked') {
          await world.save(`${top}/small.txt`, 'fits');
          await world.drain();
          assert.equal((await showServer(emulator, top))['small.txt'], 'fits');
        }
        await world.restart();
        assert.deepEqual(failed(), [[ino, reason]]);
        assert.equal(await world.readText(`${top}/${name}`), content);
        relent(emulator);
        if (reason === 'invalidName') await world.rename(`${top}/${name}`, `${top}/allowed.txt`);
        else world.session().pusher.retryFailed(ino);
        await world.drain();
        assert.deepEqual(failed(), []);
        const shown = reason === 'invalidName' ? 'allowed.txt' : name;
        assert.equal((await showServer(emulator, top))[shown], content);
      });
    });
  }

  it('as forbidden: is not tried again by itself, and can be given up', async () => {
    const clock = new TestClock();
    await withWorld({}, { clock, settleMs: 1_000 }, async (world, emulator) => {
      await emulator.put(`${top}/refused.txt`, 'theirs');
      assert.equal(await world.readText(`${top}/refused.txt`), 'theirs');
      emulator.setFaults([{ match: { kind: 'allocate' }, action: { type: 'status', status: 403 } }]);
      const ino = await world.save(`${top}/refused.txt`, 'ours, not wanted');
      await world.until('it is refused', () => world.session().nodes.getFailed().length === 1);
      assert.equal(world.session().nodes.get(ino)?.failure, 'forbidden');
      const asked = emulator.stats().requests.allocate;
      clock.advance(3_600_000);
      await world.save(`${top}/.DS_Store`, 'local');
      clock.advance(3_600_000);
      await world.poll();
      assert.equal(emulator.stats().requests.allocate, asked);
      await world.session().vfs.discard(ino, { host: 'host', now: 0 });
      assert.equal(await world.readText(`${top}/refused.txt`), 'theirs');
      assert.deepEqual({ ...world.session().nodes.countPending() }, { pending: 0, failed: 0 });
    });
  });

  it('keeps what depends on it, and no drain waits for that', async () => {
    await withWorld({}, {}, async (world, emulator) => {
      emulator.setFaults([{ match: { kind: 'mkDir' }, action: { type: 'status', status: 403 } }]);
      await world.mkdir(`${top}/refused`);
      await world.save(`${top}/refused/in it.txt`, 'waits');
      await world.save(`${top}/beside.txt`, 'goes on');
      await world.drain();
      assert.deepEqual(await showServer(emulator, top), { 'beside.txt': 'goes on' });
      assert.deepEqual({ ...world.session().nodes.countPending() }, { pending: 2, failed: 1 });
      emulator.setFaults([]);
      world.session().pusher.retryFailed();
      await world.drain();
      assert.equal((await showServer(emulator, top))['refused/in it.txt'], 'waits');
    });
  });

  it('because the trash keeps the name of a folder: says so, and goes through when the trash is emptied', async () => {
    await withWorld({ quirks: { mkDirUntrashes: 'off' } }, {}, async (world, emulator) => {
      await world.mkdir(`${top}/build`);
      await world.drain();
      await world.rmdir(`${top}/build`);
      await world.drain();
      const ino = await world.mkdir(`${top}/build`);
      await world.save(`${top}/build/out.txt`, 'waits');
      await world.drain();
      assert.equal(world.session().nodes.get(ino)?.failure, 'forbidden');
      assert.equal(await world.readText(`${top}/build/out.txt`), 'waits');
      await world.session().client.purgeTrash(new AbortController().signal);
      world.session().pusher.retryFailed(ino);
      await world.drain();
      assert.deepEqual(await showServer(emulator, top), { 'build/': '', 'build/out.txt': 'waits' });
    });
  });

  it('given up while a program reads it: the reader goes on with what it opened, the next one gets the server’s', async () => {
    await withWorld({}, {}, async (world, emulator) => {
      await emulator.put(`${top}/refused.txt`, 'theirs');
      await world.readText(`${top}/refused.txt`);
      emulator.setFaults([{ match: { kind: 'allocate' }, action: { type: 'status', status: 403 } }]);
      const ino = await world.save(`${top}/refused.txt`, 'ours, not wanted');
      await world.drain();
      const { vfs } = world.session();
      const fh = await vfs.open(ino, { writing: false, append: false, truncate: false });
      const begun = vfs.read(fh, 0, 4);
      await vfs.discard(ino, { host: 'host', now: 0 });
      assert.equal(String(await begun), 'ours');
      assert.equal(String(await vfs.read(fh, 4, 100)), ', not wanted');
      await vfs.release(fh);
      assert.equal(await world.readText(`${top}/refused.txt`), 'theirs');
    });
  });

  it('for a lock: is tried again every ten minutes', async () => {
    const clock = new TestClock();
    await withWorld({}, { clock, settleMs: 1_000 }, async (world, emulator) => {
      emulator.lock({ write: true });
      await world.save(`${top}/big.txt`, 'too big for now');
      await world.until('it is refused', () => world.session().nodes.getFailed().length === 1);
      emulator.lock({});
      const refusedAt = clock.now();
      await world.until('it is up', () => emulator.tree().some(({ path }) => path === `${top}/big.txt`));
      assert.ok(clock.now() - refusedAt <= 10 * 60_000, `${clock.now() - refusedAt} ms`);
      assert.ok(clock.now() - refusedAt > 5 * 60_000, `${clock.now() - refusedAt} ms`);
    });
  });

  it('for want of room: is tried again within a minute of room being made elsewhere', async () => {
    const clock = new TestClock();
    await withWorld({}, { clock, settleMs: 1_000 }, async (world, emulator) => {
      emulator.quota(used(emulator) + 10);
      await world.session().refreshAccount();
      await world.save(`${top}/big.txt`, 'too big for now');
      await world.until('it is refused', () => world.session().nodes.getFailed().length === 1);
      emulator.quota(null);
      const refusedAt = clock.now();
      await world.until('it is up', () => emulator.tree().some(({ path }) => path === `${top}/big.txt`));
      assert.ok(clock.now() - refusedAt <= 60_000, `${clock.now() - refusedAt} ms`);
    });
  });

  it('for want of room that was there when the account was last looked at: is tried again as soon', async () => {
    const clock = new TestClock();
    await withWorld({}, { clock, settleMs: 1_000 }, async (world, emulator) => {
      await world.session().refreshAccount();
      // Others fill the account, and make room again before anybody here looks.
      emulator.quota(used(emulator) + 10);
      await world.save(`${top}/big.txt`, 'too big for now');
      await world.until('it is refused', () => world.session().nodes.getFailed().length === 1);
      emulator.quota(null);
      const refusedAt = clock.now();
      await world.until('it is up', () => emulator.tree().some(({ path }) => path === `${top}/big.txt`));
      assert.ok(clock.now() - refusedAt <= 60_000, `${clock.now() - refusedAt} ms`);
    });
  });

  it('for want of room: is tried again at once when something was removed', async () => {
    const clock = new TestClock();
    await withWorld({}, { clock, settleMs: 1_000 }, async (world, emulator) => {
      await emulator.put(`${top}/old.txt`, 'o'.repeat(100));
      await world.find(`${top}/old.txt`);
      emulator.quota(used(emulator) + 10);
      await world.save(`${top}/big.txt`, 'b'.repeat(90));
      await world.until('it is refused', () => world.session().nodes.getFailed().length === 1);
      const refusedAt = clock.now();
      await world.unlink(`${top}/old.txt`);
      // What the trash holds counts; a person empties it.
      emulator.quota(null);
      await world.until('it is up', () => emulator.tree().some(({ path }) => path === `${top}/big.txt`));
      assert.ok(clock.now() - refusedAt < 60_000, `${clock.now() - refusedAt} ms`);
    });
  });
});

describe('a failure that passes', () => {
  it('of the server: is waited out with doubled waits up to five minutes', async () => {
    const clock = new TestClock();
    await withWorld({}, { clock, settleMs: 1_000 }, async (world, emulator) => {
      const failedAt: number[] = [];
      world.session().pusher.finished.on(({ outcome }) => {
        if (outcome === 'server') failedAt.push(clock.now());
      });
      // It is asked twice in a try: its 500 may be about how it was asked.
      emulator.setFaults([{ match: { kind: 'allocate' }, action: { type: 'status', status: 500 }, times: 24 }]);
      const ino = await world.save(`${top}/a.txt`, 'patient');
      const row = () => transferStates(world.session()).find(({ id }) => id === String(ino));
      await world.until('it failed twice', () => failedAt.length === 2);
      assert.deepEqual([row()?.status, row()?.retryAt], ['queued', undefined]);
      await world.until('it failed often', () => failedAt.length === 5);
      assert.deepEqual([row()?.status, row()?.retryAt], ['queued', (failedAt[4] as number) + 16_000]);
      await world.until('it is up', () => emulator.tree().some(({ path }) => path === `${top}/a.txt`));
      const waits = failedAt.slice(1).map((at, index) => Math.round((at - (failedAt[index] as number)) / 1000));
      assert.deepEqual(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
      assert.equal(world.session().nodes.getFailed().length, 0);
    });
  });

  it('of the server: is tried again at once when asked to', async () => {
    const clock = new TestClock();
    await withWorld({}, { clock, settleMs: 1_000 }, async (world, emulator) => {
      emulator.setFaults([{ match: { kind: 'mkDir' }, action: { type: 'status', status: 409 } }]);
      const ino = await world.mkdir(`${top}/made`);
      const { pusher } = world.session();
      const isLongWait = () => (pusher.getRetryAt(ino) ?? 0) > clock.now() + 100_000;
      await world.until('it waits long', isLongWait);
      emulator.setFaults([]);
      const askedAt = clock.now();
      pusher.retryFailed(ino);
      await world.until('it is made', () => emulator.tree().some(({ path }) => path === `${top}/made`));
      assert.ok(clock.now() - askedAt < 5_000, `${clock.now() - askedAt} ms`);
    });
  });

  it('of the network: is asked after by one push at a time, at most 30 s apart, then everything goes on', async () => {
    const clock = new TestClock();
    await withWorld({}, { clock, settleMs: 1_000 }, async (world, emulator) => {
      const probes: number[] = [];
      world.session().pusher.finished.on(({ outcome }) => {
        if (outcome === 'offline') probes.push(clock.now());
      });
      await world.find(top);
      for (let i = 0; i < 3; i += 1) await world.save(`${top}/known ${i}.txt`, `known ${i}`);
      await world.until('these are up', () => world.session().nodes.countPending().pending === 0);
      await emulator.outage(true);
      for (let i = 0; i < 20; i += 1) await world.save(`${top}/${i}.txt`, `content ${i}`);
      await world.until('it has asked often', () => probes.length >= 15);
      const late = probes.slice(-5).map((at, index, all) => (index === 0 ? 30_000 : at - (all[index - 1] as number)));
      assert.deepEqual(late, [30_000, 30_000, 30_000, 30_000, 30_000]);
      assert.equal(world.session().nodes.countPending().failed, 0);
      await emulator.outage(false);
      await world.until('all is up', () => world.session().nodes.countPending().pending === 0);
      assert.equal(Object.keys(await showServer(emulator, top)).length, 23);
    });
  });

  it('of the sign-in, in the middle of uploads: keeps everything, and goes on after a new one', async () => {
    await withWorld({}, {}, async (world, emulator) => {
      await world.save(`${top}/first.txt`, 'first');
      await world.drain();
      for (let i = 0; i < 10; i += 1) await world.save(`${top}/${i}.txt`, `content ${i}`);
      emulator.setFaults([{ match: { kind: 'allocate' }, nth: 4, times: 1, action: { type: 'revoke' } }]);
      await assert.rejects(world.drain(), { kind: 'signedOut' });
      const { pending, failed } = world.session().nodes.countPending();
      assert.ok(pending > 0);
      assert.equal(failed, 0);
      world.signInAgain();
      await world.drain();
      assert.equal(Object.keys(await showServer(emulator, top)).length, 11);
    });
  });

  describe('of the certificate', () => {
    let dir: string;
    before(async () => {
      dir = await mkdtemp(join(tmpdir(), 'jottacloud-tls-'));
    });
    after(() => rm(dir, { recursive: true, force: true }));

    it('keeps everything as offline does, and goes on when the connection is trusted again', async () => {
      const emulator = await startEmulator({
        rclone: dir,
        certificate: 'unknown-authority',
        quirks: { eventSocket: 'no-token' },
      });
      let strictSsl = false;
      const world = await openSessionWorld(emulator, {
        settleMs: 200,
        url: emulator.tlsUrl as string,
        network: () => ({ ...defaultNetworkOptions, strictSsl }),
      });
      try {
        await world.save(`${top}/before.txt`, 'before');
        await world.drain();
        strictSsl = true;
        await world.save(`${top}/during.txt`, 'during');
        await assert.rejects(world.drain(), { kind: 'offline' });
        assert.deepEqual({ ...world.session().nodes.countPending() }, { pending: 1, failed: 0 });
        assert.equal(await world.readText(`${top}/during.txt`), 'during');
        strictSsl = false;
        await world.until('it is up', () => emulator.tree().some(({ path }) => path === `${top}/during.txt`));
      } finally {
        await world.close();
        await emulator.close();
      }
    });
  });
});

for (const [what, fault] of [
  ['token that runs out', { type: 'expire-token' }],
  ['upload address that is answered 401', { type: 'status', status: 401 }],
] as const) {
  it(`a ${what} during an upload asks nobody to sign in; the upload goes on`, async () => {
    await withWorld({}, {}, async (world, emulator) => {
      const seen: string[] = [];
      world.session().link.changed.on((health) => seen.push(health));
      emulator.setFaults([{ match: { kind: 'upload' }, nth: 1, action: fault }]);
      await world.save(`${top}/a.txt`, 'sent');
      await world.drain();
      assert.deepEqual(await showServer(emulator, top), { 'a.txt': 'sent' });
      assert.deepEqual(seen, []);
    });
  });
}

it('an account that is refused for a while, though its tokens are good, goes on with the next poll', async () => {
  await withWorld({}, {}, async (world, emulator) => {
    await world.session().vfs.readdir(await world.find(top));
    emulator.setFaults([{ match: { kind: 'allocate' }, action: { type: 'status', status: 401 } }]);
    await world.save(`${top}/a.txt`, 'sent');
    await assert.rejects(world.drain(), { kind: 'signedOut' });
    emulator.setFaults([]);
    await world.poll();
    assert.equal(world.session().link.health, 'ok');
    await world.drain();
    assert.deepEqual(await showServer(emulator, top), { 'a.txt': 'sent' });
  });
});
