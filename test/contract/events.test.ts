import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { WebSocket } from 'ws';
import { defaultNetworkOptions } from '../../src/base/networkOptions.ts';
import { parseLoginToken } from '../../src/jottacloud/auth/loginToken.ts';
import { exchangeLoginToken } from '../../src/jottacloud/auth/loginTokenExchange.ts';
import { JottacloudClient } from '../../src/jottacloud/client.ts';
import { createEndpoints } from '../../src/jottacloud/urls.ts';
import type { Emulator } from '../emulator/emulator.ts';
import { atEnd, emulatorFor, RawClient, rclone, tempFolder } from '../support/emulation.ts';
import { md5 } from '../support/md5.ts';

/** The event socket of PROTOCOL.md §4, from both ends. */

interface Event {
  ST: string;
  T: string;
  D: Record<string, string>;
}

/** One connection of the socket; `next` is the next message, `statuses` what a refused upgrade answered. */
class Subscriber {
  readonly socket: WebSocket;
  readonly #messages: unknown[] = [];
  readonly #waiting: ((message: unknown) => void)[] = [];

  constructor(emulator: Emulator, token: string) {
    this.socket = new WebSocket(`${emulator.url.replace(/^http/, 'ws')}/ws/${emulator.user}/${token}`);
    this.socket.on('error', () => {});
    this.socket.on('message', (data) => {
      const message = JSON.parse(String(data));
      const waiting = this.#waiting.shift();
      if (waiting) waiting(message);
      else this.#messages.push(message);
    });
  }

  next(): Promise<unknown> {
    if (this.#messages.length > 0) return Promise.resolve(this.#messages.shift());
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async event(): Promise<Event> {
    return ((await this.next()) as { EVENT: Event }).EVENT;
  }

  say(message: unknown): void {
    this.socket.send(JSON.stringify(message));
  }
}

async function fetchToken(client: RawClient): Promise<string> {
  const { text } = await client.send('GET', `/rest/token/${client.emulator.user}/createToken`);
  return /<token><username>u0emulator<\/username><authToken>([^<]+)<\/authToken><\/token>/.exec(text)?.[1] ?? '';
}

async function subscribe(test: TestContext, client: RawClient): Promise<Subscriber> {
  const subscriber = new Subscriber(client.emulator, await fetchToken(client));
  atEnd(test, async () => subscriber.socket.terminate());
  await once(subscriber.socket, 'open');
  subscriber.say({ SUBSCRIBE: { path: 'ALL', UA: 'test' } });
  await subscriber.next();
  return subscriber;
}

async function statusOf(emulator: Emulator, token: string): Promise<number | undefined> {
  const { socket } = new Subscriber(emulator, token);
  const [, response] = await once(socket, 'unexpected-response');
  socket.terminate();
  return response.statusCode;
}

describe('emulator: event socket (§4)', { timeout: 60_000 }, () => {
  it('opens with a token, and answers SUBSCRIBE and PING as captured', async (test) => {
    const client = await RawClient.signIn(await emulatorFor(test));
    const subscriber = new Subscriber(client.emulator, await fetchToken(client));
    atEnd(test, async () => subscriber.socket.terminate());
    await once(subscriber.socket, 'open');
    subscriber.say({ SUBSCRIBE: { path: 'ALL', UA: 'test' } });
    const { SUBSCRIBE } = (await subscriber.next()) as { SUBSCRIBE: Record<string, string> };
    assert.deepEqual(Object.keys(SUBSCRIBE), ['LAST_UUID', 'PATH']);
    assert.equal(SUBSCRIBE.PATH, 'ALL');
    assert.match(SUBSCRIBE.LAST_UUID ?? '', /^[0-9a-f-]{36}$/);
    subscriber.say({ PING: 'Ok' });
    assert.deepEqual(await subscriber.next(), { PONG: 'ok' });
  });

  it('gives tokens to the owner alone, and lets nobody in without one', async (test) => {
    const emulator = await emulatorFor(test);
    const client = await RawClient.signIn(emulator);
    assert.equal((await client.send('GET', '/rest/token/someone/createToken')).status, 401);
    assert.equal((await fetch(`${emulator.url}/rest/token/${emulator.user}/createToken`)).status, 401);
    assert.equal(await statusOf(emulator, 'invented'), 401);
  });

  it('tells of an upload in the captured fields, with numbers as text', async (test) => {
    const client = await RawClient.signIn(await emulatorFor(test));
    const subscriber = await subscribe(test, client);
    await client.upload('/Jotta/Archive/a.txt', 'content');
    const { EVENT, Length } = (await subscriber.next()) as { EVENT: Event; Length: number };
    assert.deepEqual(Object.keys(EVENT), ['U', 'A', 'T', 'ST', 'TS', 'D', 'uuid', 'unixnano']);
    assert.equal(Length, JSON.stringify(EVENT).length);
    const { created, modified, updated, fileuuid, uuid, dfs, ...rest } = EVENT.D;
    assert.deepEqual(rest, {
      FROM: '/u0emulator/Jotta/Archive/a.txt',
      actorDevice: 'Jotta',
      md5: md5('content'),
      mimeType: 'TEXT_PLAIN',
      revision: '1',
      size: '7',
    });
    for (const time of [created, modified, updated]) assert.match(time ?? '', /^\d{4}-\d\d-\d\d-T\d\d:\d\d:\d\dZ$/);
    assert.ok(fileuuid && uuid && dfs);
  });

  it('tells of every change made through the API', async (test) => {
    const client = await RawClient.signIn(await emulatorFor(test));
    const subscriber = await subscribe(test, client);
    const archive = '/Jotta/Archive';
    const told = async (work: () => Promise<unknown>, ...expected: string[]) => {
      await work();
      for (const line of expected) {
        const { ST, T, D } = await subscriber.event();
        assert.equal([ST, D.FROM, D.TO].filter(Boolean).join(' ').replaceAll('/u0emulator', ''), line);
        assert.equal(T, ST.endsWith('SHARE_FILE') ? 'META' : 'PATH');
      }
    };
    const stamp = { jsize: '1', jmd5: md5('a') };
    await told(
      () => client.post(`${archive}/d/e`, '?mkDir=true'),
      `CREATE_DIR ${archive}/d`,
      `CREATE_DIR ${archive}/d/e`,
    );
    await told(() => client.upload(`${archive}/d/a`, 'a'), `NEW_UPLOAD ${archive}/d/a`);
    await told(() => client.upload(`${archive}/d/a`, 'b'), `NEW_UPLOAD ${archive}/d/a`);
    const to = (path: string) => client.target(`${archive}${path}`);
    await told(() => client.post(`${archive}/d/a`, `?mv=${to('/b')}`), `MOVE ${archive}/d/a ${archive}/b`);
    await told(() => client.post(`${archive}/b`, `?cp=${to('/c')}`), `NEW_UPLOAD ${archive}/c`);
    await told(() => client.post(`${archive}/b`, '?dl=true'), `DELETE ${archive}/b`);
    await told(() => client.post(`${archive}/b`, '?cphash=true', stamp), `RESTORE ${archive}/b`);
    await told(() => client.post(`${archive}/b`, '?rm=true'), `HARD_DELETE_FILE ${archive}/b`);
    await told(() => client.post(`${archive}/d/`, `?mvDir=${to('/f')}`), `MOVE_DIR ${archive}/d ${archive}/f`);
    await told(() => client.post(`${archive}/f`, '?dlDir=true'), `DELETE_DIR ${archive}/f`);
    await told(() => client.post(`${archive}/f`, '?rmDir=true'), `HARD_DELETE_DIR ${archive}/f`);
    await told(() => client.get(`${archive}/c`, '?mode=enableShare'), `SHARE_FILE ${archive}/c`);
    await told(() => client.get(`${archive}/c`, '?mode=disableShare'), `UNSHARE_FILE ${archive}/c`);
    await told(() => client.post('/Desk', '?type=WORKSTATION'), 'CREATE_DEVICE /Desk');
    await told(() => client.post('/Desk/Files', '?mkDir=true'), 'CREATE_MP /Desk/Files');
    await told(() => client.post('/Desk/Files', '?dl=true'), 'DELETE_MP /Desk/Files');
    await told(() => client.post('/Desk', '?rm=true'), 'DELETE_DEVICE /Desk');
  });

  it('tells of what rclone and the in-process API do', async (test) => {
    const folder = await tempFolder(test);
    const emulator = await emulatorFor(test, { rclone: join(folder, 'rclone') });
    const subscriber = await subscribe(test, await RawClient.signIn(emulator));
    await writeFile(join(folder, 'r.txt'), 'by rclone');
    await rclone(emulator, 'copyto', join(folder, 'r.txt'), 'remote:r.txt');
    assert.equal((await subscriber.event()).D.md5, md5('by rclone'));
    await emulator.put('/Jotta/Sync/p.txt', 'p');
    assert.equal((await subscriber.event()).D.FROM, '/u0emulator/Jotta/Sync/p.txt');
    emulator.remove('/Jotta/Sync/p.txt');
    assert.equal((await subscriber.event()).ST, 'DELETE');
  });

  for (const [eventSocket, createToken, upgrade] of [
    ['no-token', 404, 401],
    ['forbidden', 403, 401],
    ['refused', 200, 403],
  ] as const) {
    it(`refuses where the quirk is ${eventSocket}`, async (test) => {
      const emulator = await emulatorFor(test, { quirks: { eventSocket } });
      const client = await RawClient.signIn(emulator);
      assert.equal((await client.send('GET', `/rest/token/${emulator.user}/createToken`)).status, createToken);
      assert.equal(await statusOf(emulator, 'invented'), upgrade);
    });
  }

  it('connects and never says a word where the quirk is silent', async (test) => {
    const emulator = await emulatorFor(test, { quirks: { eventSocket: 'silent' } });
    const client = await RawClient.signIn(emulator);
    const { socket } = new Subscriber(emulator, await fetchToken(client));
    let messages = 0;
    socket.on('message', () => {
      messages += 1;
    });
    await once(socket, 'open');
    socket.send(JSON.stringify({ SUBSCRIBE: { path: 'ALL', UA: 'test' } }));
    socket.send(JSON.stringify({ PING: 'Ok' }));
    // The answer to a ping of WebSocket's own comes after whatever else was to be said.
    socket.ping();
    await once(socket, 'pong');
    assert.deepEqual([messages, emulator.eventSubscribers()], [0, 0]);
    socket.terminate();
  });

  it('is cut, and sends what it is told to, through the control endpoints', async (test) => {
    const client = await RawClient.signIn(await emulatorFor(test));
    const subscriber = await subscribe(test, client);
    await client.send('POST', '/_emulator/send-event-text', JSON.stringify({ text: '["garbage"]' }));
    assert.deepEqual(await subscriber.next(), ['garbage']);
    const closed = once(subscriber.socket, 'close');
    await client.send('POST', '/_emulator/cut-events');
    assert.deepEqual((await closed)[0], 1006);
    assert.equal(client.emulator.eventSubscribers(), 0);
  });

  it('is reached by our client at its real address, through a proxy and TLS', async (test) => {
    const emulator = await emulatorFor(test, { rclone: await tempFolder(test) });
    const network = {
      getOptions: () => ({ ...defaultNetworkOptions, proxy: emulator.url, strictSsl: false }),
      env: {},
    };
    const deps = { endpoints: createEndpoints(), userAgent: 'test', network };
    const login = parseLoginToken(emulator.newLoginToken());
    const tokens = await exchangeLoginToken(login, deps, AbortSignal.timeout(20_000));
    const client = new JottacloudClient({ ...deps, tokens, vault: { saveTokens: async () => {} } });
    const stop = new AbortController();
    const subscribed = Promise.withResolvers<void>();
    const told = Promise.withResolvers<string>();
    const watching = client.watchEvents(
      {
        onSubscribed: () => subscribed.resolve(),
        onEvents: ([sighting]) => told.resolve(sighting?.path.join('/') ?? ''),
        onLost: () => {},
      },
      stop.signal,
    );
    atEnd(test, async () => {
      stop.abort();
      await watching;
      client.close();
    });
    await subscribed.promise;
    await emulator.put('/Jotta/Archive/by proxy.txt', 'x');
    assert.equal(await told.promise, 'Jotta/Archive/by proxy.txt');
  });
});
