import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { EmulatorOptions } from '../emulator/emulator.ts';
import { md5 } from '../support/md5.ts';
import { assertSame, customer, livePaths, only, type RcloneWorld, rcloneWorld } from './rcloneWorld.ts';

const modified = new Date('2024-05-06T07:08:09Z');

const contentOf = (path: string) => `${path.split('/').length} names: ${path}`.repeat(path.split('/').length);

async function filled(test: TestContext, options: EmulatorOptions = {}): Promise<RcloneWorld> {
  const world = await rcloneWorld(test, options);
  for (const path of ['a.txt', 'd/x + y #;.txt', 'd/e/z']) {
    await world.emulator.put(`/Jotta/Archive/${path}`, contentOf(path), { modified });
  }
  return world;
}

function fileAt({ emulator }: RcloneWorld, path: string) {
  return emulator.tree().find((item) => item.path === `/Jotta/Archive/${path}`);
}

/** What rclone asks when source and destination are on the same remote: the customer once for each. */
const look = (path: string, found = true) => `GET jfs/Jotta/Archive/${path}${found ? '' : ' → 404'}`;

describe('rclone changes', { timeout: 120_000 }, () => {
  it('folders: mkdir makes parents as well and may be repeated', async (test) => {
    const { run, emulator } = await filled(test);
    const make = 'POST jfs/Jotta/Archive/new/deep%20one?mkDir=true';
    const first = await run('mkdir', 'remote:new/deep one');
    assert.deepEqual(first.wire, [customer, look('new/deep%20one', false), make]);
    const second = await run('mkdir', 'remote:new/deep one');
    assert.deepEqual(second.wire, [customer, look('new/deep%20one'), make]);
    assert.ok(livePaths(emulator).includes('new/deep one/'));
  });

  it('a file’s place and name with moveto, after making the new parent', async (test) => {
    const world = await filled(test);
    const { wire } = await world.run('moveto', 'remote:d/x + y #;.txt', 'remote:n w/q+ &.txt');
    const source = 'd/x%20%2B%20y%20%23;.txt';
    assert.deepEqual(wire, [
      ...[customer, look(source)],
      ...[customer, look(source)],
      look('n%20w/q%2B%20&.txt', false),
      'POST jfs/Jotta/Archive/n%20w?mkDir=true',
      `POST jfs/Jotta/Archive/${source}?mv=%2FJotta%2FArchive%2Fn+w%2Fq%2B+%26.txt`,
    ]);
    assert.deepEqual(livePaths(world.emulator), ['a.txt', 'd/', 'd/e/', 'd/e/z', 'n w/', 'n w/q+ &.txt']);
    const moved = fileAt(world, 'n w/q+ &.txt');
    assert.deepEqual([moved?.mtime, moved?.revision], [modified.getTime(), 1]);
  });

  it('the place of a file with move between folders', async (test) => {
    const { run, emulator } = await filled(test);
    const { wire } = await run('move', 'remote:a.txt', 'remote:d/e');
    assert.equal(wire.at(-1), 'POST jfs/Jotta/Archive/a.txt?mv=%2FJotta%2FArchive%2Fd%2Fe%2Fa.txt');
    assert.ok(livePaths(emulator).includes('d/e/a.txt'));
  });

  it('a folder’s place at once, when nothing is there; the server makes its new parents', async (test) => {
    const { run, emulator } = await filled(test);
    const { wire } = await run('moveto', 'remote:d', 'remote:moved/n d');
    assert.deepEqual(wire, [
      ...[customer, look('d')],
      ...[customer, look('moved/n%20d', false)],
      look('moved/n%20d', false),
      'POST jfs/Jotta/Archive/d/?mvDir=%2FJotta%2FArchive%2Fmoved%2Fn+d',
    ]);
    assert.deepEqual(livePaths(emulator), [
      'a.txt',
      'moved/',
      'moved/n d/',
      'moved/n d/e/',
      'moved/n d/e/z',
      'moved/n d/x + y #;.txt',
    ]);
  });

  it('the files of a folder one by one, when the other folder exists', async (test) => {
    const { run, emulator } = await filled(test);
    emulator.mkdir('/Jotta/Archive/there');
    const { wire, requests } = await run('move', 'remote:d', 'remote:there');
    assert.equal(requests.filter(({ kind }) => kind === 'mvDir').length, 0);
    assertSame(
      wire.filter((line) => /\?(mv|mkDir)=/.test(line)),
      [
        'POST jfs/Jotta/Archive/there?mkDir=true',
        'POST jfs/Jotta/Archive/there/e?mkDir=true',
        'POST jfs/Jotta/Archive/d/x%20%2B%20y%20%23;.txt?mv=%2FJotta%2FArchive%2Fthere%2Fx+%2B+y+%23%3B.txt',
        'POST jfs/Jotta/Archive/d/e/z?mv=%2FJotta%2FArchive%2Fthere%2Fe%2Fz',
      ],
    );
    assert.deepEqual(livePaths(emulator), [
      'a.txt',
      'd/',
      'd/e/',
      'there/',
      'there/e/',
      'there/e/z',
      'there/x + y #;.txt',
    ]);
  });

  for (const moveOntoTrashed of ['live', 'stays-trashed', '409'] as const) {
    it(`a name that is taken: trashes what has it, then moves, which leaves ${
      { live: 'the moved file', 'stays-trashed': 'nothing', '409': 'both where they were' }[moveOntoTrashed]
    } where a move onto a trashed name is “${moveOntoTrashed}”`, async (test) => {
      const world = await filled(test, { quirks: { moveOntoTrashed } });
      const { wire, code } = await world.tryRun('moveto', 'remote:a.txt', 'remote:d/e/z');
      assert.deepEqual(
        wire.filter((line) => line.startsWith('POST')),
        [
          'POST jfs/Jotta/Archive/d/e/z?dl=true',
          'POST jfs/Jotta/Archive/d/e?mkDir=true',
          `POST jfs/Jotta/Archive/a.txt?mv=%2FJotta%2FArchive%2Fd%2Fe%2Fz${moveOntoTrashed === '409' ? ' → 409' : ''}`,
        ],
      );
      assert.equal(code, { live: 0, 'stays-trashed': 4, '409': 1 }[moveOntoTrashed]);
      const found = [fileAt(world, 'a.txt')?.md5, fileAt(world, 'd/e/z')?.md5];
      const moved = md5(contentOf('a.txt'));
      const expected = { live: [undefined, moved], 'stays-trashed': [undefined, undefined], '409': [moved, undefined] };
      assert.deepEqual(found, expected[moveOntoTrashed]);
    });
  }

  it('a copy on the server, and none where the copy is there already', async (test) => {
    const world = await filled(test);
    const args = ['copyto', 'remote:d/e/z', 'remote:c p/z+'];
    const { wire } = await world.run(...args);
    const looks = [customer, look('d/e/z'), customer, look('d/e/z')];
    assert.deepEqual(wire, [
      ...looks,
      look('c%20p/z%2B', false),
      'POST jfs/Jotta/Archive/c%20p?mkDir=true',
      'POST jfs/Jotta/Archive/d/e/z?cp=%2FJotta%2FArchive%2Fc+p%2Fz%2B',
    ]);
    assert.equal(fileAt(world, 'c p/z+')?.md5, md5(contentOf('d/e/z')));
    const again = await world.run(...args);
    assert.deepEqual(again.wire, [...looks, look('c%20p/z%2B')]);
  });

  it('a copy onto another file as its next revision', async (test) => {
    const world = await filled(test);
    await world.run('copyto', 'remote:d/e/z', 'remote:a.txt');
    const now = fileAt(world, 'a.txt');
    assert.deepEqual([now?.md5, now?.revision], [md5(contentOf('d/e/z')), 2]);
  });

  it('a copy onto a trashed name, which stays in the trash until cphash takes it out', async (test) => {
    const world = await filled(test);
    world.emulator.remove('/Jotta/Archive/a.txt');
    const { wire, requests } = await world.run('copyto', 'remote:d/e/z', 'remote:a.txt');
    assert.deepEqual(wire.slice(-3), [
      'POST jfs/Jotta/Archive?mkDir=true',
      'POST jfs/Jotta/Archive/d/e/z?cp=%2FJotta%2FArchive%2Fa.txt',
      'POST jfs/Jotta/Archive/a.txt?cphash=true',
    ]);
    const { headers } = only(requests, 'cphash');
    assert.deepEqual(
      [headers.jsize, headers.jmd5, headers.jcreated, headers.jmodified],
      ['42', md5(contentOf('d/e/z')), '2024-05-06-T07:08:09Z', '2024-05-06-T07:08:09Z'],
    );
    assert.equal(fileAt(world, 'a.txt')?.md5, md5(contentOf('d/e/z')));
  });

  it('times with touch: cphash with the content’s own size and md5, no new revision', async (test) => {
    const world = await filled(test);
    const { wire, requests } = await world.run('touch', '-t', '2020-01-02T03:04:05', 'remote:a.txt');
    assert.deepEqual(wire, [customer, look('a.txt'), 'POST jfs/Jotta/Archive/a.txt?cphash=true']);
    const { headers } = only(requests, 'cphash');
    assert.deepEqual(
      [headers.jsize, headers.jmd5, headers.jcreated, headers.jmodified],
      ['14', md5(contentOf('a.txt')), '2020-01-02-T03:04:05Z', '2020-01-02-T03:04:05Z'],
    );
    const now = fileAt(world, 'a.txt');
    assert.deepEqual([now?.mtime, now?.revision], [Date.parse('2020-01-02T03:04:05Z'), 1]);
  });

  it('nothing to a file with touch -C where there is none, and makes an empty one without -C', async (test) => {
    const world = await filled(test);
    const none = await world.run('touch', '-C', 'remote:new.txt');
    assert.deepEqual(none.wire, [customer, look('new.txt', false)]);
    const made = await world.run('touch', '-t', '2020-01-02T03:04:05', 'remote:new.txt');
    assert.deepEqual(made.wire, [customer, look('new.txt', false), 'POST /files/v1/allocate', look('new.txt')]);
    const { bytes, modified: time, path } = JSON.parse(only(made.requests, 'allocate').body);
    assert.deepEqual([path, bytes, time], ['/jfs/Jotta/Archive/new.txt', 0, '2020-01-02T03:04:05Z']);
    assert.deepEqual([fileAt(world, 'new.txt')?.size, fileAt(world, 'new.txt')?.md5], [0, md5('')]);
  });

  it('a name to other case by way of a third name, as on any case-insensitive remote', async (test) => {
    const world = await filled(test);
    const { wire } = await world.run('moveto', 'remote:a.txt', 'remote:A.TXT');
    const moves = wire.filter((line) => line.includes('?mv='));
    assert.equal(moves.length, 2, wire.join('\n'));
    assert.match(moves[0] ?? '', /^POST jfs\/Jotta\/Archive\/a\.txt\?mv=%2FJotta%2FArchive%2FA\.TXT-rclone-move-\w+$/);
    assert.match(moves[1] ?? '', /A\.TXT-rclone-move-\w+\?mv=%2FJotta%2FArchive%2FA\.TXT$/);
    assert.ok(livePaths(world.emulator).includes('A.TXT'));
  });
});
