import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { createLog } from '../../../src/base/log.ts';
import { parseLoginToken } from '../../../src/jottacloud/auth/loginToken.ts';
import { exchangeLoginToken } from '../../../src/jottacloud/auth/loginTokenExchange.ts';
import { JottacloudClient } from '../../../src/jottacloud/client.ts';
import type { ServerEvent } from '../../../src/jottacloud/events/serverEvents.ts';
import { type ClientLimits, defaultLimits } from '../../../src/jottacloud/limits.ts';
import { createEndpoints } from '../../../src/jottacloud/urls.ts';
import { type Emulator, type EmulatorOptions, startEmulator } from '../../emulator/emulator.ts';

const never = new AbortController().signal;
/** Long enough for a busy machine; nothing waits it out that works. */
const deadlineMs = 10_000;

let emulator: Emulator;
let client: JottacloudClient;
let watching: Promise<void>;
let subscriptions: number;
let losses: number;
let seen: ServerEvent[];
/** What the client asked to sleep before it connected again. */
let slept: number[];
let lines: string[];
let now: number;
let clockReads: number;
/** Called at every callback, so that tests wait for a condition without polling. */
let checks: (() => void)[];

beforeEach(() => {
  subscriptions = 0;
  losses = 0;
  seen = [];
  slept = [];
  lines = [];
  now = Date.now();
  clockReads = 0;
  checks = [];
});
afterEach(async () => {
  client.close();
  await watching;
  await emulator.close();
});

/** Watches with waits that are recorded and cut to nothing; after `naps` of them the client sleeps until it is closed. */
async function watch(options: EmulatorOptions, { naps = 1_000, ...limits }: Partial<ClientLimits> & { naps?: number }) {
  emulator = await startEmulator(options);
  const deps = { endpoints: createEndpoints(emulator.url), userAgent: 'test' };
  const tokens = await exchangeLoginToken(parseLoginToken(emulator.newLoginToken()), deps, never);
  const sleep = async (ms: number, signal?: AbortSignal) => {
    slept.push(ms);
    notify();
    if (slept.length < naps) return;
    await new Promise((resolve) => signal?.addEventListener('abort', resolve, { once: true }));
  };
  client = new JottacloudClient({
    ...deps,
    tokens,
    limits,
    vault: { saveTokens: async () => {} },
    clock: { now: readClock, sleep },
    random: () => 0.5,
    log: createLog((line) => lines.push(line), 'debug'),
  });
  watching = client.watchEvents(
    {
      onSubscribed: () => {
        subscriptions += 1;
        notify();
      },
      onEvents: (sightings) => {
        seen.push(...sightings);
        notify();
      },
      onLost: () => {
        losses += 1;
        notify();
      },
    },
    never,
  );
}

function readClock(): number {
  clockReads += 1;
  notify();
  return now;
}

function notify(): void {
  for (const check of checks) check();
}

function until(what: string, condition: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`timed out waiting until ${what}`)), deadlineMs);
    const check = () => {
      if (!condition()) return;
      clearTimeout(timer);
      resolve();
    };
    checks.push(check);
    check();
  });
}

const paths = () => seen.map(({ state, path }) => `${state} ${path.join('/')}`);

describe('the event socket', { timeout: 60_000 }, () => {
  it('tells of every change made by others', async () => {
    await watch({}, {});
    await until('it is subscribed', () => subscriptions === 1);
    await emulator.put('/Jotta/Archive/æ b/c.txt', 'x');
    emulator.move('/Jotta/Archive/æ b/c.txt', '/Jotta/Archive/d.txt');
    emulator.remove('/Jotta/Archive/d.txt');
    await until('the removal is told', () => seen.length === 5);
    assert.deepEqual(paths(), [
      'folder Jotta/Archive/æ b',
      'file Jotta/Archive/æ b/c.txt',
      'gone Jotta/Archive/æ b/c.txt',
      'file Jotta/Archive/d.txt',
      'gone Jotta/Archive/d.txt',
    ]);
  });

  it('is connected again after a cut, and says that events may have been missed', async () => {
    await watch({}, {});
    for (let count = 1; count <= 3; count += 1) {
      await until('it is subscribed', () => subscriptions === count);
      emulator.cutEvents();
    }
    await until('it is back', () => subscriptions === 4);
    assert.equal(losses, 3);
    await emulator.put('/Jotta/Archive/after.txt', 'x');
    await until('events come', () => paths().includes('file Jotta/Archive/after.txt'));
  });

  it('passes over what it cannot read', async () => {
    await watch({}, {});
    await until('it is subscribed', () => subscriptions === 1);
    for (const text of ['', '{', 'null', '{"EVENT":{"ST":"DELETE","D":{"FROM":"/../.."}}}', '\0'.repeat(1000)]) {
      emulator.sendEventText(text);
    }
    await emulator.put('/Jotta/Archive/after.txt', 'x');
    await until('the change is told', () => seen.length === 1);
    assert.equal(subscriptions, 1);
  });

  it('drops a connection that sends more than an event can be', async () => {
    await watch({}, {});
    await until('it is subscribed', () => subscriptions === 1);
    emulator.sendEventText('x'.repeat(defaultLimits.eventFrameBytes + 1));
    await until('it is back', () => subscriptions === 2);
    assert.deepEqual(seen, []);
  });

  it('takes a server that never says anything for dead', async () => {
    await watch({ quirks: { eventSocket: 'silent' } }, { eventPingMs: 5, eventSilenceMs: 1_000 });
    for (let round = 1; round <= 3; round += 1) {
      await until('it is connected', () => (emulator.stats().requests.eventSocket ?? 0) === round);
      const asked = clockReads + 3;
      await until('it has sent pings', () => clockReads >= asked);
      now += 1_001;
      await until('it gave up', () => slept.length === round);
    }
    assert.equal(subscriptions, 0);
  });

  it('takes silence for death whatever the clock is set back to', async () => {
    await watch({ quirks: { eventSocket: 'silent' } }, { eventPingMs: 5, eventSilenceMs: 1_000 });
    await until('it is connected', () => emulator.stats().requests.eventSocket === 1);
    const look = async () => {
      const asked = clockReads + 3;
      await until('it has sent pings', () => clockReads >= asked);
    };
    await look();
    now -= 10 * 365 * 86_400_000;
    await look();
    now += 1_001;
    await until('it gave up', () => slept.length === 1);
  });

  it('stays connected as long as its pings are answered', async () => {
    await watch({}, { eventPingMs: 5, eventSilenceMs: 1_000 });
    await until('it is subscribed', () => subscriptions === 1);
    for (let round = 0; round < 5; round += 1) {
      now += 900;
      const asked = clockReads + 50;
      await until('pings and their answers have looked at the clock', () => clockReads >= asked);
    }
    assert.deepEqual([slept, subscriptions], [[], 1]);
  });

  for (const eventSocket of ['no-token', 'forbidden', 'refused'] as const) {
    it(`is asked for rarely, and in silence, where it is ${eventSocket}`, async () => {
      await watch({ quirks: { eventSocket } }, { naps: 2 });
      await until('it gave up twice', () => slept.length === 2);
      assert.deepEqual(
        slept,
        [0.75, 0.75].map((part) => part * defaultLimits.eventRefusedMs),
      );
      assert.equal(emulator.stats().requests.eventToken, 2);
      assert.ok(lines.length > 0);
      assert.deepEqual(
        lines.filter((line) => !line.includes(' DEBUG ')),
        [],
      );
    });
  }

  it('backs off longer and longer from a server in trouble', async () => {
    await watch({}, { naps: 12 });
    await until('it is subscribed', () => subscriptions === 1);
    emulator.setFaults([{ match: { kind: 'eventSocket' }, action: { type: 'status', status: 503 } }]);
    emulator.cutEvents();
    await until('it tried a dozen times', () => slept.length === 12);
    assert.deepEqual(slept.slice(0, 4), [750, 1500, 3000, 6000]);
    assert.equal(slept.at(-1), 0.75 * defaultLimits.eventBackoffCapMs);
  });

  it('never writes its address or token to the log', async () => {
    await watch({}, { naps: 6 });
    await until('it is subscribed', () => subscriptions === 1);
    emulator.setFaults([
      { match: { kind: 'eventSocket' }, times: 1, action: { type: 'status', status: 503 } },
      { match: { kind: 'eventSocket' }, nth: 2, action: { type: 'reset' } },
      { match: { kind: 'eventSocket' }, nth: 3, action: { type: 'status', status: 401 } },
    ]);
    emulator.cutEvents();
    await until('it is back', () => subscriptions === 2);
    emulator.sendEventText('{');
    emulator.sendEventText('x'.repeat(defaultLimits.eventFrameBytes + 1));
    await until('it is back again', () => subscriptions === 3);
    const tokens = emulator.faults().flatMap(({ hits }) => hits.map(({ path }) => path.split('/').at(-1) ?? ''));
    assert.equal(tokens.length, 3);
    const log = lines.join('');
    assert.ok(log.includes('event'));
    for (const token of tokens) assert.ok(token.length > 20 && !log.includes(token));
    assert.doesNotMatch(log, /wss?:|\/ws\//);
  });

  it('ends with the client', async () => {
    await watch({}, {});
    await until('it is subscribed', () => subscriptions === 1);
    client.close();
    await watching;
    assert.equal(slept.length, 0);
  });
});
