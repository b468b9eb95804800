import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createLog } from '../../../src/base/log.ts';
import { openSession } from '../../../src/drive/session.ts';
import type { Tokens } from '../../../src/jottacloud/auth/tokens.ts';
import { JottacloudClient } from '../../../src/jottacloud/client.ts';
import { createEndpoints } from '../../../src/jottacloud/urls.ts';
import * as files from '../../../src/protocol/fileMessages.ts';
import * as messages from '../../../src/protocol/messages.ts';
import { type Emulator, startEmulator } from '../../emulator/emulator.ts';
import { type DriveOnSocket, startDriveOnSocket } from '../../support/driveOnSocket.ts';
import { openSessionWorld, signIn } from '../../support/sessionWorld.ts';

const top = '/Jotta/Archive';
let emulator: Emulator;
let tokens: Tokens;
let dir: string;
let lines: string[];
before(async () => {
  emulator = await startEmulator({ quirks: { eventSocket: 'no-token' } });
  tokens = signIn(emulator);
});
after(() => emulator.close());
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'jottacloud-end-'));
  lines = [];
});
afterEach(async () => {
  emulator.setFaults([]);
  await rm(dir, { recursive: true, force: true });
});

/** Files below `dir` that this process has open. */
async function findOpenFiles(): Promise<string[]> {
  const links = (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => ''));
  return (await Promise.all(links)).filter((path) => path.startsWith(dir));
}

const countTimers = () => process.getActiveResourcesInfo().filter((each) => each === 'Timeout').length;

describe('a session that cannot be opened', () => {
  const open = (change: (client: JottacloudClient) => void) => {
    const log = createLog((line) => lines.push(line), 'warn');
    const client = new JottacloudClient({
      endpoints: createEndpoints(emulator.url),
      userAgent: 'test',
      log,
      tokens,
      vault: { saveTokens: async () => {} },
    });
    change(client);
    return openSession(client, {
      ...{ stateDir: join(dir, 'state'), cacheDir: join(dir, 'cache'), rescueDir: join(dir, 'rescue') },
      ...{ budget: { maxBytes: 1, minFreeBytes: 0 }, pollMs: 3_600_000, localNames: [], onDamage: assert.ifError, log },
    });
  };

  it('leaves neither files nor timers, wherever it fails', async () => {
    const before = countTimers();
    await assert.rejects(
      open((client) => {
        client.watchEvents = () => {
          throw new Error('the last step');
        };
      }),
      /the last step/,
    );
    assert.deepEqual(await findOpenFiles(), []);
    assert.equal(countTimers(), before);
    const [account = ''] = await readdir(join(dir, 'state', 'accounts'));
    const staging = join(dir, 'state', 'accounts', account, 'staging');
    await rm(staging, { recursive: true });
    await writeFile(staging, 'not a folder');
    await assert.rejects(
      open(() => {}),
      { name: 'OwnershipError', kind: 'kind' },
    );
    assert.deepEqual(await findOpenFiles(), []);
  });
});

it('what is stored of an account and cannot be used is asked for anew', async () => {
  const world = await openSessionWorld(emulator, { tokens });
  try {
    for (const bad of ['{"email":', '{"email":7,"name":{}}', 'null']) {
      await world.restart(async (account) => {
        const db = new DatabaseSync(join(account, 'metadata.db'));
        db.prepare("INSERT OR REPLACE INTO meta(key, value) VALUES ('account', ?)").run(bad);
        db.close();
      });
      assert.equal(world.session().getAccount().email, '');
    }
  } finally {
    await world.close();
  }
});

describe('a session that ends', () => {
  let own: DriveOnSocket;
  beforeEach(async () => {
    const log = createLog((line) => lines.push(line), 'info');
    own = await startDriveOnSocket({ dir, endpoint: emulator.url, log });
    await own.drive.sessions.resume({ username: tokens.username, secret: JSON.stringify(tokens) });
  });
  afterEach(() => own.disconnect());

  /** What the requests were told, at whatever moment of their work the session ended. */
  async function endDuring(ask: () => Promise<unknown>[], ms: number): Promise<string[]> {
    const asked = Promise.allSettled(ask());
    await delay(ms);
    await own.drive.close(false, AbortSignal.timeout(1_000));
    const outcomes = await asked;
    await new Promise(setImmediate);
    return outcomes.map((outcome) => (outcome.status === 'rejected' ? String(outcome.reason.data?.code) : 'done'));
  }

  it('waits for requests that copy, download, list and keep, and tells them that it ends', async () => {
    const local = join(dir, 'local');
    await mkdir(join(local, 'into'), { recursive: true });
    await writeFile(join(local, 'large.bin'), Buffer.alloc(80_000_000, 'large'));
    await emulator.put(`${top}/folder/remote.bin`, Buffer.alloc(8_000_000, 'remote'));
    await emulator.put(`${top}/other/a.txt`, 'a');
    const { rpc } = own;
    await rpc.sendRequest(messages.list, { path: `${top}/folder`, refresh: true });
    emulator.setFaults([
      { match: { kind: 'download' }, action: { type: 'delay', ms: 2_000 } },
      { match: { kind: 'list' }, action: { type: 'delay', ms: 2_000 } },
    ]);
    const ask = () => [
      rpc.sendRequest(files.upload, { localPaths: [join(local, 'large.bin')], folder: top, collision: 'replace' }),
      rpc.sendRequest(files.putFile, {
        path: `${top}/put.bin`,
        localFile: join(local, 'large.bin'),
        create: true,
        overwrite: true,
      }),
      rpc.sendRequest(files.download, {
        paths: [`${top}/folder`],
        localFolder: join(local, 'into'),
        collision: 'replace',
      }),
      rpc.sendRequest(messages.list, { path: `${top}/other`, refresh: true }),
      rpc.sendRequest(files.pin, { path: `${top}/folder` }),
      rpc.sendRequest(messages.refresh),
    ];
    const told = await endDuring(ask, 150);
    assert.deepEqual(
      told.filter((code) => !['done', 'shuttingDown', 'offline', 'timeout'].includes(code)),
      [],
      lines.join(''),
    );
    assert.ok(told.includes('shuttingDown'), `something was cut short: ${told}`);
    assert.deepEqual(
      lines.filter((line) => /database|not open|closed/.test(line)),
      [],
    );
    assert.deepEqual(await findOpenFiles(), []);
  });
});
