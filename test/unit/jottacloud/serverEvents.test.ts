import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseServerFrame, type ServerEvent } from '../../../src/jottacloud/events/serverEvents.ts';

const md5 = '02588fb184ae4930cf998b8af2e613e7';
const parse = (frame: unknown) => parseServerFrame(JSON.stringify(frame), 'u0abc');
const event = (ST: unknown, D: unknown) => ({
  EVENT: { U: 'u0abc', A: 'u0abc', T: 'PATH', ST, TS: 1, D, uuid: 'x', unixnano: 1.5 },
  Length: 17,
});

/** What an event says of each place it names, as `state path`. */
function read(ST: unknown, D: object): string[] | undefined {
  const frame = parse(event(ST, D));
  if (frame === undefined) return undefined;
  assert.equal(frame.kind, 'event');
  return frame.kind === 'event' ? frame.sightings.map(({ state, path }) => `${state} ${path.join('/')}`) : [];
}
function readOne(ST: string, D: object): ServerEvent | undefined {
  const frame = parse(event(ST, D));
  return frame?.kind === 'event' ? frame.sightings[0] : undefined;
}

describe('a frame of the event socket', () => {
  it('is an answer to SUBSCRIBE or PING', () => {
    assert.deepEqual(parse({ SUBSCRIBE: { LAST_UUID: '40660078-abab-11ec-881d-90e2bae6bf68', PATH: 'ALL' } }), {
      kind: 'subscribed',
    });
    assert.deepEqual(parse({ PONG: 'ok' }), { kind: 'pong' });
  });

  it('tells of an upload as it was captured', () => {
    const captured = {
      FROM: '/u0abc/Jotta/Sync/blabla',
      actorDevice: 'WEBAPP',
      created: '2016-02-04-T07:56:43Z',
      dfs: '04KZFaGU',
      fileuuid: 'da635047-34dd-46e2-99c3-091762fe20d0',
      md5: md5.toUpperCase(),
      mimeType: 'APPLICATION_OCTET_STREAM',
      modified: '2016-02-04-T07:56:43Z',
      revision: '1',
      size: '17',
      updated: '2016-02-04-T07:58:46Z',
      uuid: 'a2f5e550-cb15-11e5-b530-002590c0b00c',
    };
    assert.deepEqual(readOne('NEW_UPLOAD', captured), {
      path: ['Jotta', 'Sync', 'blabla'],
      state: 'file',
      md5,
      modified: Date.UTC(2016, 1, 4, 7, 56, 43) / 1000,
    });
  });

  it('says what each type leaves at its places', () => {
    const FROM = '/u0abc/Jotta/Archive/a';
    const TO = '/u0abc/Jotta/Archive/b';
    const a = 'Jotta/Archive/a';
    const b = 'Jotta/Archive/b';
    for (const type of ['NEW_UPLOAD', 'RESTORE']) assert.deepEqual(read(type, { FROM, md5 }), [`file ${a}`], type);
    for (const type of ['DELETE', 'HARD_DELETE_FILE', 'DELETE_DIR', 'HARD_DELETE_DIR', 'DELETE_DEVICE', 'DELETE_MP']) {
      assert.deepEqual(read(type, { FROM }), [`gone ${a}`], type);
    }
    for (const type of ['CREATE_DIR', 'CREATE_DEVICE', 'CREATE_MP', 'RESTORE_MP']) {
      assert.deepEqual(read(type, { FROM }), [`folder ${a}`], type);
    }
    assert.deepEqual(read('MOVE', { FROM, TO, md5 }), [`gone ${a}`, `file ${b}`]);
    assert.deepEqual(read('MOVE_DIR', { FROM, TO }), [`gone ${a}`, `folder ${b}`]);
    for (const type of ['SHARE_FILE', 'UNSHARE_FILE']) assert.deepEqual(read(type, { FROM }), [], type);
  });

  it('of an undescribed type, or of a file without content, still says where something happened', () => {
    const FROM = '/U0ABC/Jotta/Archive/a b%20c/';
    for (const type of ['RESTORE_DIR', 'constructor', 'NEW_UPLOAD']) {
      assert.deepEqual(read(type, { FROM, md5: 'short' }), ['unknown Jotta/Archive/a b%20c'], type);
    }
  });

  it('is dropped when it is none of ours, or names no usable place', () => {
    const deep = `/u0abc${'/a'.repeat(600)}`;
    const paths = [
      '/other/Jotta/a',
      '/u0abc',
      '/u0abc/',
      'u0abc/Jotta',
      '/u0abc/Jotta/../x',
      '/u0abc//x',
      deep,
      7,
      null,
    ];
    for (const FROM of [...paths, '/u0abc/Jotta/a\0b', '/u0abc/Jotta/\ud800', '', undefined, ['/u0abc/Jotta']]) {
      assert.equal(parse(event('DELETE', { FROM })), undefined, JSON.stringify(FROM)?.slice(0, 40));
    }
    for (const D of [null, 'text', [], 3]) assert.equal(parse(event('DELETE', D)), undefined);
    assert.equal(parse(event(3, { FROM: '/u0abc/Jotta' })), undefined);
    const photo = { captured_date: 1_646_419_475_030_718_700, md5, photo_id: 'aaaaaaaaaaa' };
    assert.equal(parse(event('PhotoAdded', photo)), undefined);
    for (const text of [
      '',
      '{',
      '[]',
      'null',
      '"PONG"',
      '{"EVENT":[]}',
      '{"PONG":1}',
      '{"SUBSCRIBE":null}',
      '\ud800',
    ]) {
      assert.equal(parseServerFrame(text, 'u0abc'), undefined, text);
    }
  });
});
