import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { silentLog } from '../../../src/base/log.ts';
import { Drive } from '../../../src/drive/drive.ts';
import { TokenKeeper } from '../../../src/drive/windows/tokenKeeper.ts';
import type { StoredTokens } from '../../../src/protocol/messages.ts';
import { rootIno } from '../../../src/store/nodeRow.ts';
import { type Emulator, startEmulator } from '../../emulator/emulator.ts';
import { signIn } from '../../support/sessionWorld.ts';

/** The drive's composition root as windows use it, without socket and kernel. */
describe('the session of a drive', () => {
  let emulator: Emulator;
  let dir: string;
  let keeper: TokenKeeper;
  let drive: Drive;
  let stored: StoredTokens;
  let kept: StoredTokens[];

  const openDrive = () =>
    new Drive({
      ...{ stateDir: join(dir, 'state'), cacheDir: join(dir, 'cache'), endpoint: emulator.url },
      ...{ env: {}, keeper, onDamage: () => {}, log: silentLog },
    });
  const close = () => drive.close(false, AbortSignal.timeout(1_000));

  beforeEach(async () => {
    emulator = await startEmulator({ quirks: { eventSocket: 'no-token' } });
    dir = await mkdtemp(join(tmpdir(), 'jottacloud-drive-'));
    kept = [];
    keeper = new TokenKeeper(silentLog, async () => undefined);
    keeper.addWindow(async (tokens) => void kept.push(tokens));
    const tokens = signIn(emulator);
    stored = { username: tokens.username, secret: JSON.stringify(tokens) };
    drive = openDrive();
    emulator.resetStats();
  });
  afterEach(async () => {
    emulator.setFaults([]);
    await close();
    await emulator.close();
    await rm(dir, { recursive: true, force: true });
  });

  it('is one, however many windows take it up in the same moment', async () => {
    const begun = drive.sessions.resume(stored);
    const { session } = await Promise.all([begun, drive.sessions.resume(stored), drive.sessions.resume(stored)]).then(
      () => drive.getFiles(),
    );
    emulator.expire();
    await session.client.fetchCustomer(AbortSignal.timeout(10_000));
    assert.equal(emulator.stats().requests.token, 1, 'one rotation');
    assert.equal(emulator.stats().requests.customer, 3, 'the first quota, a refusal and its repetition');
  });

  it('ends for all windows when two sign out at once', async () => {
    await drive.sessions.resume(stored);
    const outcomes = await Promise.allSettled([drive.sessions.signOut(), drive.sessions.signOut()]);
    const codes = outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason.code : 'done'));
    assert.deepEqual(codes, ['done', 'signedOut']);
  });

  it('that is forgotten leaves nothing of the account but what was lost, and is not while changes wait', async () => {
    await drive.sessions.resume(stored);
    const { session } = drive.getFiles();
    await session.vfs.readdir((await session.vfs.resolve(rootIno, ['Jotta', 'Archive'])).ino);
    const [account = ''] = await readdir(join(dir, 'state', 'accounts'));
    const state = join(dir, 'state', 'accounts', account);
    const { ino } = await session.vfs.resolve(rootIno, ['Jotta', 'Archive']);
    session.pusher.setPaused(true);
    await session.vfs.mkdir(ino, 'waits', 0o755);
    await assert.rejects(drive.sessions.signOutAndForget(), { code: 'pendingUploads' });
    assert.ok((await readdir(state)).includes('metadata.db'));
    session.pusher.setPaused(false);
    await session.pusher.drain(AbortSignal.timeout(10_000));
    await writeFile(join(state, 'lost+found', 'lost'), 'lost');
    await drive.sessions.signOutAndForget();
    assert.deepEqual(await readdir(state), ['lost+found']);
    assert.deepEqual(await readdir(join(dir, 'cache')), []);
  });

  it('that ends while a rotation is on its way leaves no token behind', async () => {
    await drive.sessions.resume(stored);
    emulator.expire();
    emulator.setFaults([{ match: { kind: 'token' }, action: { type: 'delay', ms: 300 } }]);
    const { client } = drive.getFiles().session;
    // It may end with the session.
    const asked = client.fetchCustomer(AbortSignal.timeout(60_000)).catch(() => {});
    while (emulator.stats().requests.token === undefined) await delay(1);
    await drive.sessions.signOut();
    const before = kept.length;
    await asked;
    await new Promise(setImmediate);
    assert.equal(kept.length, before, 'what is forgotten now stays forgotten');
    assert.equal(keeper.current, undefined);
  });

  it('is signed in again although the quota is not to be had', async () => {
    await drive.sessions.signIn(emulator.newLoginToken());
    emulator.setFaults([{ match: { kind: 'customer' }, action: { type: 'status', status: 503 } }]);
    assert.equal((await drive.sessions.signIn(emulator.newLoginToken())).username, emulator.user);
  });

  it('is taken up at once where the network swallows everything', async () => {
    await drive.sessions.resume(stored);
    await close();
    drive = openDrive();
    emulator.setFaults([{ match: {}, action: { type: 'stall' } }]);
    const from = performance.now();
    assert.equal((await drive.sessions.resume(stored))?.username, emulator.user);
    assert.ok(performance.now() - from < 3_000, `${Math.round(performance.now() - from)} ms`);
  });

  it('is shown until it has ended, so that windows mount again what was there, and no other begins before', async () => {
    await drive.sessions.resume(stored);
    await close();
    assert.equal(drive.getState().account?.username, emulator.user);
    await assert.rejects(drive.sessions.resume(stored), { code: 'shuttingDown' });
    assert.throws(() => drive.getFiles(), { code: 'shuttingDown' });
  });
});
