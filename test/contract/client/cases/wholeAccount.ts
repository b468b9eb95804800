import assert from 'node:assert/strict';
import { at, fresh, holds, list, outcomeOf, refused, requestOf, store, storeFresh } from '../acts.ts';
import type { AccountCase } from '../world.ts';

/** Ahead by more than an access token lives (PROTOCOL.md §1.1): every token has expired. */
const twoHoursMs = 2 * 3_600_000;

/** Sign-in, token rotation, quota and trash. */
export const wholeAccountCases: readonly AccountCase[] = [
  {
    name: 'signs in with a login token, which is good for once',
    async run(world) {
      const loginToken = world.newLoginToken();
      const client = world.connect(await world.exchange(loginToken));
      assert.equal((await client.fetchCustomer(world.signal)).username, world.client.username);
      await refused('signedOut', world.exchange(loginToken));
      assert.equal((await client.fetchCustomer(world.signal)).username, world.client.username);
    },
  },
  {
    name: 'renews an expired token and goes on',
    async run(world) {
      const client = world.connect(await world.exchange(world.newLoginToken()), twoHoursMs);
      const customers = [1, 2, 3].map(() => client.fetchCustomer(world.signal));
      for (const { username } of await Promise.all(customers)) assert.equal(username, client.username);
    },
  },
  {
    name: 'is signed out when somebody else has used its refresh token',
    async run(world) {
      const tokens = await world.exchange(world.newLoginToken());
      await world.connect(tokens, twoHoursMs).fetchCustomer(world.signal);
      const late = world.connect(tokens, twoHoursMs);
      let told = 0;
      late.onSignedOut(() => {
        told += 1;
      });
      await refused('signedOut', late.fetchCustomer(world.signal));
      await refused('signedOut', late.fetchAccount(world.signal));
      assert.equal(told, 1);
    },
  },
  {
    name: 'says that the account is full',
    guess: { quirk: 'quotaAt', answers: { allocate: 'at allocate', upload: 'at upload' } },
    async run(world) {
      const { client, signal } = world;
      const kept = await storeFresh(world, at(world, 'kept'));
      const bytes = fresh(5_000);
      const { usage } = await client.fetchAccount(signal);
      world.setQuota(usage + 1_000);
      try {
        const asked = await outcomeOf(client.allocate(at(world, 'kept'), requestOf(bytes), signal));
        if (asked === 'done') await refused('quota', store(world, at(world, 'kept'), bytes));
        else assert.equal(asked, 'quota');
        await holds(world, at(world, 'kept'), kept);
        return asked === 'done' ? 'at upload' : 'at allocate';
      } finally {
        world.setQuota(null);
      }
    },
  },
  {
    name: 'says that the account is locked against changes as far as the service tells, and still reads it',
    guess: { quirk: 'lockedBody', answers: { error: 'writeLocked', plain: 'writeLocked', empty: 'forbidden' } },
    async run(world) {
      const { client, signal } = world;
      const bytes = await storeFresh(world, at(world, 'a'));
      world.setQuota(null, true);
      try {
        assert.equal((await client.fetchCustomer(signal)).writeLocked, true);
        const kind = await outcomeOf(store(world, at(world, 'a'), fresh()));
        assert.equal(await outcomeOf(client.createFolder(at(world, 'f'), signal)), kind);
        assert.equal(await outcomeOf(client.moveFile(at(world, 'a'), at(world, 'b'), signal)), kind);
        assert.equal(await outcomeOf(client.copyFile(at(world, 'a'), at(world, 'b'), signal)), kind);
        assert.equal(await outcomeOf(client.trashFile(at(world, 'a'), signal)), kind);
        await holds(world, at(world, 'a'), bytes);
        assert.deepEqual(await list(world, world.folder), ['a']);
        return kind;
      } finally {
        world.setQuota(null);
      }
    },
  },
  {
    name: 'empties the trash and touches nothing else',
    async run(world) {
      const { client, signal } = world;
      await client.purgeTrash(signal);
      const kept = await storeFresh(world, at(world, 'kept'));
      const gone = await storeFresh(world, at(world, 'gone'));
      await client.trashFile(at(world, 'gone'), signal);
      assert.deepEqual(await client.purgeTrash(signal), { folders: 0, files: 1 });
      assert.deepEqual(await client.purgeTrash(signal), { folders: 0, files: 0 });
      await holds(world, at(world, 'kept'), kept);
      await store(world, at(world, 'gone'), gone);
      assert.equal((await client.fetchRevisions(at(world, 'gone'), signal)).length, 1, 'its history went with it');
    },
  },
];
