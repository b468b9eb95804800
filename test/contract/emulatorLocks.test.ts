import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RawClient } from '../support/emulation.ts';
import { exception, signedIn } from './emulatorSupport.ts';

async function locksOf(client: RawClient) {
  const { text } = await client.get('');
  const flag = (name: string) => new RegExp(`<${name}>(true|false)<`).exec(text)?.[1];
  const { write_locked, read_locked, locked_cause } = JSON.parse(
    (await client.send('GET', '/account/v1/customer')).text,
  );
  return {
    xml: [flag('locked'), flag('read-locked'), flag('write-locked'), flag('quota-write-locked')],
    customer: [read_locked, write_locked, locked_cause !== null],
  };
}

describe('emulator: quota and locks (§1.5, §2.9, §3.3)', { timeout: 60_000 }, () => {
  it('answers 460 when the quota is used up, and shows it', async (test) => {
    const { emulator, client } = await signedIn(test);
    emulator.quota(100);
    const full = await client.allocate('/Jotta/Archive/f', 'x'.repeat(1000));
    assert.deepEqual([full.status, full.error_id], [460, 'QuotaExceededException']);
    assert.equal((await client.allocate('/Jotta/Archive/f', 'x')).status, 200);
    emulator.quota(70);
    assert.deepEqual(await locksOf(client), {
      xml: ['false', 'false', 'false', 'true'],
      customer: [false, true, false],
    });
    assert.equal((await client.post('/Jotta/Archive/d', '?mkDir=true')).status, 200, 'folders take no room');
  });

  it('refuses changes of a write-locked account', async (test) => {
    const { emulator, client } = await signedIn(test, { writeLocked: true });
    const refused = await client.post('/Jotta/Archive/d', '?mkDir=true');
    assert.deepEqual([refused.status, exception(refused.text)], [403, 'ForbiddenException']);
    assert.equal((await client.allocate('/Jotta/Archive/f', 'x')).status, 403);
    assert.equal((await client.send('POST', '/files/v1/purge_trash')).status, 403);
    assert.equal((await client.get('/Jotta/Archive', '?mode=enableShare')).status, 403);
    assert.equal((await client.get('/Jotta/Archive')).status, 200);
    assert.deepEqual(await locksOf(client), {
      xml: ['false', 'false', 'true', 'false'],
      customer: [false, true, true],
    });
    emulator.lock({});
    assert.equal((await client.post('/Jotta/Archive/d', '?mkDir=true')).status, 200);
  });

  it('shows nothing of a read-locked account but its state', async (test) => {
    const { emulator, client } = await signedIn(test, { readLocked: true });
    for (const [path, query] of [
      ['/Jotta', ''],
      ['/Jotta/Archive', ''],
      ['/Jotta/Archive', '?mode=liststream'],
      ['/Laptop/Documents/notes.txt', '?mode=bin'],
    ] as const) {
      assert.equal((await client.get(path, query)).status, 403, path + query);
    }
    assert.deepEqual(await locksOf(client), {
      xml: ['false', 'true', 'false', 'false'],
      customer: [true, false, true],
    });
    emulator.lock({ write: true, read: true });
    assert.equal((await locksOf(client)).xml[0], 'true');
  });
});
