import assert from 'node:assert/strict';
import { refused } from '../acts.ts';
import type { FolderCase } from '../world.ts';

/** Reads of the account itself: they change nothing. */
export const accountCases: readonly FolderCase[] = [
  {
    name: 'reads the customer by the internal user name',
    async run({ client, signal }) {
      const customer = await client.fetchCustomer(signal);
      assert.equal(customer.username, client.username);
      assert.ok(customer.usage >= 0 && customer.quota >= -1);
    },
  },
  {
    name: 'reads the account with its devices, Jotta among them',
    async run({ client, signal }) {
      const { capacity, usage, devices } = await client.fetchAccount(signal);
      assert.ok(usage >= 0 && (capacity === -1 || capacity > 0));
      assert.equal(devices.find(({ name }) => name === 'Jotta')?.type, 'JOTTA');
    },
  },
  {
    name: 'lists the mountpoints of a device, whatever its case, without the views',
    async run({ client, signal }) {
      for (const device of ['Jotta', 'jotta']) {
        const names = (await client.fetchDevice(device, signal)).mountpoints.map(({ name }) => name);
        assert.ok(names.includes('Archive'));
        assert.deepEqual(
          names.filter((name) => ['Trash', 'Latest', 'Links'].includes(name)),
          [],
        );
      }
    },
  },
  {
    name: 'finds no device that is not there',
    async run({ client, signal }) {
      await refused('notFound', client.fetchDevice('no such device', signal));
    },
  },
];
