import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { Link } from '../../../src/sync/tree/link.ts';
import { RemoteError } from '../../../src/sync/tree/remote.ts';
import { TestClock } from '../../support/testClock.ts';

const graceMs = 30_000;
const away = new RemoteError('offline', 'no network');

let clock: TestClock;
let link: Link;
let session: AbortController;

beforeEach(() => {
  clock = new TestClock();
  link = new Link(clock, graceMs, (error) => assert.fail(String(error)));
  session = new AbortController();
});

async function fail(error: RemoteError): Promise<void> {
  await assert.rejects(link.watch(Promise.reject(error)), error);
}

describe('a read that failed', () => {
  it('is tried again after a pause while the network has just gone', async () => {
    await fail(away);
    let isDue = false;
    const waiting = link.waitAfter(away, clock.now(), session.signal).then(() => {
      isDue = true;
    });
    await Promise.resolve();
    assert.equal(isDue, false);
    clock.advance(1_000);
    await waiting;
  });

  it('is not tried again once the network has been gone for long, whenever the read began', async () => {
    await fail(away);
    clock.advance(graceMs);
    await assert.rejects(link.waitAfter(away, clock.now(), session.signal), away);
    link.set('ok');
    await fail(away);
    const waiting = link.waitAfter(away, clock.now(), session.signal);
    clock.advance(1_000);
    await waiting;
  });

  it('is not tried for ever where the server answers others', async () => {
    const since = clock.now();
    clock.advance(graceMs);
    await fail(away);
    await assert.rejects(link.waitAfter(away, since, session.signal), away);
  });

  for (const error of [
    new RemoteError('offline', 'a certificate', { needsPerson: true }),
    new RemoteError('signedOut', 'a token'),
    new RemoteError('server', 'an answer'),
    new Error('a fault'),
  ]) {
    it(`is not tried again for ${error.message}, which does not pass by itself`, async () => {
      await assert.rejects(link.waitAfter(error, clock.now(), session.signal), error);
    });
  }

  it('ends with the session', async () => {
    const waiting = link.waitAfter(away, clock.now(), session.signal);
    session.abort(new Error('the end'));
    await assert.rejects(waiting, /the end/);
  });
});

describe('an account that was signed in to anew', () => {
  it('is not signed out by an answer to a request with the tokens before', async () => {
    const signedOut = new RemoteError('signedOut', 'a token');
    const late = Promise.withResolvers<void>();
    const watched = link.watch(late.promise);
    await fail(signedOut);
    assert.equal(link.health, 'signedOut');
    link.renew();
    late.reject(signedOut);
    await assert.rejects(watched, signedOut);
    assert.equal(link.health, 'ok');
    await fail(signedOut);
    assert.equal(link.health, 'signedOut');
  });
});
