import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type HostileVariant, hostileVariants } from '../emulator/hostile.ts';
import type { RawClient } from '../support/emulation.ts';
import { signedIn } from './emulatorSupport.ts';

const asked: Record<string, (client: RawClient) => Promise<{ status: number; text: string }>> = {
  list: (client) => client.get('/Jotta/Archive/d'),
  liststream: (client) => client.get('/Jotta/Archive/d', '?mode=liststream'),
  file: (client) => client.get('/Jotta/Archive/d/f'),
  customer: (client) => client.send('GET', '/account/v1/customer'),
};

/** What marks the variant in the XML of a listing, and in JSON. */
const marks: Record<Exclude<HostileVariant, 'huge'>, [xml: RegExp, json: RegExp]> = {
  empty: [/^$/, /^$/],
  html: [/^<!DOCTYPE html>/, /^<!DOCTYPE html>/],
  'other-format': [/^\{\}$/, /^<\?xml/],
  'wrong-root': [/<playlist /, /^\[\]$/],
  'cut-document': [/<file name="cut$/, /"quota"?:?-?1?$|[^}]$/],
  'bad-utf8': [/\ufffd\(/, /\ufffd\(/],
  'entity-bomb': [/<!ENTITY j "(&i;){10}">.*&j;/s, /^\[\]$/],
  'external-entity': [/SYSTEM "file:\/\/\/etc\/hostname"/, /^\[\]$/],
  deep: [/(<folder>){1000}/, /^\[{1000}/],
  'long-name': [/x{1000000}/, /x{1000000}/],
  'name-slash': [/\.\.\/\.\.\/outside/, /\.\.\/\.\.\/outside/],
  'name-nul': [/a&#0;b/, /a\\u0000b/],
  'name-dot-dot': [/(name="|<filename>)\.\.["<]/, /"\.\."/],
  'name-control': [/a&#10;b&#27;c/, /a\\r\\nx-injected/],
  'name-empty': [/(name=""|<filename><)/, /"username":""/],
  'name-twice': [/Twin.*TWIN/s, /^\[\]$/],
  'negative-size': [/<size>-5</, /"resume_pos":-1/],
  'huge-size': [/<size>9{26}</, /"bytes":1e\+30/],
  'bad-time': [/2026-13-45/, /"yesterday"/],
  'bad-counts': [/total="7"|<files>7<|<file name/, /9007199254740991/],
  'bad-url': [/<file[ >]/, /file:\/\/\/etc\/hostname/],
};

describe('emulator: hostile answers', { timeout: 60_000 }, () => {
  for (const variant of hostileVariants) {
    if (variant === 'huge') continue;
    it(`answers ${variant} in the shape that was asked for`, async (test) => {
      const { emulator, client } = await signedIn(test);
      await emulator.put('/Jotta/Archive/d/f', 'x');
      emulator.setFaults([{ match: {}, action: { type: 'hostile', variant } }]);
      const [xml, json] = marks[variant];
      for (const [kind, ask] of Object.entries(asked)) {
        const { status, text } = await ask(client);
        assert.equal(status, 200);
        assert.match(text, kind === 'customer' ? json : xml, kind);
      }
      assert.equal(emulator.faults()[0]?.hits.length, Object.keys(asked).length);
    });
  }

  it('sends a document of any size as it is made', async (test) => {
    const { emulator, client } = await signedIn(test);
    await emulator.put('/Jotta/Archive/d/f', 'x');
    emulator.setFaults([{ match: {}, action: { type: 'hostile', variant: 'huge', bytes: 3_000_000 } }]);
    for (const [kind, ask] of Object.entries(asked)) {
      const { text } = await ask(client);
      assert.ok(text.length >= 3_000_000 && text.length < 3_010_000, `${kind} ${text.length}`);
    }
    emulator.setFaults([{ match: {}, action: { type: 'hostile', variant: 'huge' } }]);
    const before = emulator.stats().bytesOut;
    const headers = { authorization: `Bearer ${client.accessToken}` };
    const gone = new AbortController();
    const answer = await fetch(emulator.url + client.jfs('/Jotta/Archive/d'), { headers, signal: gone.signal });
    await answer.body?.getReader().read();
    gone.abort();
    assert.ok(emulator.stats().bytesOut - before < 50_000_000, 'no more than the client took');
  });
});
