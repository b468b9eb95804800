import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseLoginToken } from '../../../src/jottacloud/auth/loginToken.ts';
import { isJottaError } from '../../../src/jottacloud/errors.ts';
import { decodeName, encodeName } from '../../../src/jottacloud/names.ts';
import {
  formatJfsTime,
  formatRfc3339,
  parseTime,
  secondsFromMs,
  toKeptSeconds,
} from '../../../src/jottacloud/times.ts';
import {
  allocatePath,
  checkPath,
  createEndpoints,
  escapeSegment,
  jfsUrl,
  parseSafeUrl,
  targetQuery,
} from '../../../src/jottacloud/urls.ts';

describe('Jottacloud times', () => {
  const instant = Date.UTC(2026, 0, 2, 3, 4, 5) / 1000;

  it('reads every spelling of one instant', () => {
    for (const text of [
      '2026-01-02-T03:04:05Z',
      '2026-01-02-T04:04:05+0100',
      '2026-01-01-T21:34:05-0530',
      '2026-01-02T03:04:05Z',
      '2026-01-02T03:04:05.999Z',
      '2026-01-02T04:04:05.000+01:00',
    ]) {
      assert.equal(parseTime(text), instant, text);
    }
  });

  it('takes empty, absent and unreadable times for unknown', () => {
    for (const text of [
      '',
      undefined,
      'yesterday',
      '2026-01-02',
      '0001-01-01-T00:00:00Z',
      '2026-13-01-T00:00:00Z',
      '2026-02-31-T00:00:00Z',
      '2026-01-02-T25:00:00Z',
      '99999-01-02-T03:04:05Z',
    ]) {
      assert.equal(parseTime(text), 0, String(text));
    }
  });

  it('writes the three formats in whole seconds', () => {
    assert.equal(formatJfsTime(instant), '2026-01-02-T03:04:05Z');
    assert.equal(formatRfc3339(instant + 0.9), '2026-01-02T03:04:05Z');
    assert.equal(secondsFromMs(instant * 1000 + 999), instant);
  });

  it('carries times before 1970 both ways, half seconds downwards', () => {
    for (const text of ['1965-01-01T12:00:00Z', '1927-01-01T00:00:00Z', '0099-12-31T23:59:59Z']) {
      const seconds = parseTime(text);
      assert.ok(seconds < 0, text);
      assert.equal(formatRfc3339(seconds), text);
      assert.equal(formatRfc3339(seconds + 0.5), text);
      assert.equal(secondsFromMs(seconds * 1000 + 500), seconds);
    }
    assert.equal(parseTime('1969-12-31T23:59:59.5Z'), -1);
  });

  it('says the closest time that it can of one that four year digits do not tell', () => {
    for (const [seconds, text] of [
      [Number.POSITIVE_INFINITY, '9999-12-31T23:59:59Z'],
      [253_402_300_800, '9999-12-31T23:59:59Z'],
      [-62_135_596_801, '0001-01-01T00:00:01Z'],
      [-1e300, '0001-01-01T00:00:01Z'],
    ] as const) {
      assert.equal(formatRfc3339(seconds), text);
      assert.equal(parseTime(text), toKeptSeconds(seconds));
    }
  });
});

describe('Jottacloud addresses', () => {
  it('uses the hosts of the service, or one origin for all', () => {
    assert.deepEqual(createEndpoints(), {
      jfs: 'https://jfs.jottacloud.com',
      api: 'https://api.jottacloud.com',
      events: 'wss://websocket.jottacloud.com',
    });
    const local = createEndpoints('http://127.0.0.1:8080/');
    const here = '127.0.0.1:8080';
    assert.deepEqual(local, { jfs: `http://${here}`, api: `http://${here}`, events: `ws://${here}` });
  });

  it('sends tokens over https, or http on this machine, and nowhere else', () => {
    for (const url of ['https://x.example/a', 'http://127.0.0.1:1/', 'http://localhost/', 'http://[::1]:9/']) {
      assert.ok(parseSafeUrl(url, 'it'));
    }
    for (const url of [
      'http://x.example',
      'http://127.0.0.1.evil.example',
      'ftp://localhost',
      'https://u:p@x.example',
      '',
    ]) {
      assert.throws(
        () => parseSafeUrl(url, 'it'),
        (error) => isJottaError(error, 'protocol'),
      );
    }
  });

  it('goes to this machine only when this machine says so', () => {
    assert.ok(parseSafeUrl('http://127.0.0.1:1/', 'it', 'http://localhost/'));
    assert.ok(parseSafeUrl('https://up.example/x', 'it', 'https://api.jottacloud.com/'));
    assert.throws(
      () => parseSafeUrl('http://127.0.0.1:1/', 'it', 'https://api.jottacloud.com/'),
      (error) => isJottaError(error, 'protocol'),
    );
  });

  it('escapes the same name three ways', () => {
    const path = ['Jotta', 'Archive', "a+b #;%25 é!'()*?"];
    assert.equal(escapeSegment(path[2] ?? ''), 'a%2Bb%20%23%3B%2525%20%C3%A9%21%27%28%29%2A%3F');
    assert.equal(targetQuery('mv', 'u0', ['d', 'x+y #;%z']), '?mv=%2Fu0%2Fd%2Fx%2By+%23%3B%25z');
    assert.equal(allocatePath(path), "/jfs/Jotta/Archive/a+b #;%25 é!'()*?");
    const url = new URL(jfsUrl(createEndpoints(), 'u0', path));
    assert.equal(url.pathname.split('/').map(decodeURIComponent).join('/'), `/jfs/u0/${path.join('/')}`);
  });

  it('refuses segments that would address something else', () => {
    for (const name of ['', '.', '..', 'a/b', 'a\0b', '\ud800']) {
      assert.throws(
        () => checkPath(['Jotta', 'Archive', name], 2),
        (error) => isJottaError(error, 'invalidName'),
      );
    }
    assert.throws(
      () => checkPath(['Jotta'], 2),
      (error) => isJottaError(error, 'invalidName'),
    );
  });
});

describe('Jottacloud names', () => {
  it('maps as rclone does', () => {
    for (const [local, wire] of [
      ['a:b', 'a：b'],
      ['a：b', 'a‛：b'],
      ['"*<>?|', '＂＊＜＞？｜'],
      ['100%', '100％'],
      ['tab\there', 'tab␉here'],
      ['␉', '‛␉'],
      ['\x7f\x1f\x01', '␡␟␁'],
      ['‛', '‛‛'],
      [' dots. ', ' dots. '],
      ['back\\slash', 'back\\slash'],
      ['‛E9', '‛‛E9'],
    ] as const) {
      assert.equal(encodeName(local), wire);
      assert.equal(decodeName(wire), local);
    }
  });

  it('leaves what rclone writes for impossible names readable, and never yields a path', () => {
    assert.equal(encodeName('..'), '．．');
    for (const wire of ['．', '．．', 'a／b', '␀', '‛E9', 'ends‛']) assert.equal(decodeName(wire), wire);
  });

  it('brings every name back', () => {
    const random = seeded(7);
    const alphabet = [...'ab .%:"*<>?|\\;＂＊：＜＞？｜％‛‛‛␀␁␉␟␡／．é😀\t\n\x1f\x7f'];
    for (let round = 0; round < 20_000; round += 1) {
      const length = 1 + Math.floor(random() * 8);
      const name = Array.from({ length }, () => alphabet[Math.floor(random() * alphabet.length)]).join('');
      if (name === '.' || name === '..') continue;
      const wire = encodeName(name);
      assert.equal(decodeName(wire), name, JSON.stringify(name));
      for (const c of wire) assert.ok(c >= ' ' && !'"*:<>?|%\x7f'.includes(c), JSON.stringify(wire));
    }
  });
});

describe('a login token', () => {
  const fields = {
    username: 'u0abc',
    realm: 'jottacloud',
    well_known_link: 'https://id.jottacloud.com/auth/realms/jottacloud/.well-known/openid-configuration',
    auth_token: 'sëcret???>>>',
  };
  const json = JSON.stringify(fields);
  const expected = {
    username: 'u0abc',
    realm: 'jottacloud',
    wellKnownLink: fields.well_known_link,
    authToken: fields.auth_token,
  };

  it('is read from both alphabets, padded or not, with white space around and inside', () => {
    const url = Buffer.from(json).toString('base64url');
    const standard = Buffer.from(json).toString('base64');
    assert.notEqual(url, standard.replace(/=+$/, ''), 'the sample must use the letters in which the alphabets differ');
    for (const text of [
      url,
      `${url}==`,
      standard,
      ` ${url}\n`,
      `"${url}"`,
      `${url.slice(0, 40)}\n  ${url.slice(40)}`,
    ]) {
      assert.deepEqual(parseLoginToken(text), expected);
    }
    const { well_known_link: wellKnownLink, ...rest } = fields;
    assert.deepEqual(parseLoginToken(pack({ ...rest, wellKnownLink })), expected);
  });

  it('is refused without showing its secret', () => {
    for (const text of [
      '',
      'hello!',
      'aGVsbG8',
      pack([1]),
      pack({ ...fields, auth_token: '' }),
      pack({ ...fields, username: 7 }),
      pack({ ...fields, well_known_link: 'http://id.jottacloud.com/' }),
      pack({ ...fields, well_known_link: 'nowhere' }),
      'A'.repeat(20_000),
    ]) {
      assert.throws(
        () => parseLoginToken(text),
        (error) => isJottaError(error, 'protocol') && !error.message.includes('ëcret') && error.cause === undefined,
      );
    }
  });

  function pack(value: unknown): string {
    return Buffer.from(JSON.stringify(value)).toString('base64url');
  }
});

/** A small generator, so that a failing round can be run again. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
}
