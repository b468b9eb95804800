import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import type { RecordedRequest } from '../emulator/requestLog.ts';
import { oddNames, storedName } from '../support/oddNames.ts';
import { allocated, oneJourney, type RcloneWorld, readTree, writeFiles } from './rcloneWorld.ts';

/** A path segment as rclone escapes it (PROTOCOL.md §2.1): these bytes stand as they are, all others as %XX. */
function escaped(name: string): string {
  return Array.from(Buffer.from(name), (byte) => {
    const char = String.fromCharCode(byte);
    return /[A-Za-z0-9\-._~$&,;=@]/.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }).join('');
}

/** A value of `mv` as rclone form-encodes it. */
function formEncoded(path: string): string {
  return Array.from(Buffer.from(path), (byte) => {
    const char = String.fromCharCode(byte);
    if (char === ' ') return '+';
    return /[A-Za-z0-9\-._~]/.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }).join('');
}

/** What went over the wire and what came of it, for a file `<name>/<name>` of every odd name. */
interface Seen {
  allocated: Map<string, Record<string, unknown>>;
  /** Stored path by content. */
  stored: Map<string, string>;
  read: Set<string>;
  /** Path by md5, as rclone shows it: of the local source, of the remote by a streamed and by plain listings. */
  shown: Record<'source' | 'streamed' | 'plain', Map<string, string>>;
  /** Content by path below the folder that rclone downloaded to. */
  back: Map<string, string>;
  moved: Set<string>;
  removed: Set<string>;
  left: string[];
}

const contentOf = (name: string) => `content of ${name}`;
const urls = (requests: readonly RecordedRequest[]) => new Set(requests.map(({ method, url }) => `${method} ${url}`));

async function shownPaths({ run }: RcloneWorld, place: string, ...flags: string[]): Promise<Map<string, string>> {
  const { out } = await run('lsjson', '-R', '--hash', '--files-only', ...flags, place);
  const items: { Path: string; Hashes: { md5: string } }[] = JSON.parse(out);
  return new Map(items.map(({ Path, Hashes }) => [Hashes.md5, Path]));
}

async function look(world: RcloneWorld): Promise<Seen> {
  const { emulator, folder, run } = world;
  const files = Object.fromEntries(oddNames.map((name) => [join(name, name), contentOf(name)]));
  const source = await writeFiles(join(folder, 'source'), files);
  const upload = await run('copy', source, 'remote:odd');
  const stored = new Map<string, string>();
  for (const { path, kind } of emulator.tree()) {
    if (kind === 'file') stored.set((await emulator.read(path)).toString(), path);
  }
  const check = await run('check', '--download', source, 'remote:odd');
  assert.match(check.err, new RegExp(`: 0 differences found.* ${oddNames.length} matching files`, 's'));
  const shown = {
    source: await shownPaths(world, source),
    streamed: await shownPaths(world, 'remote:odd'),
    plain: await shownPaths(world, 'remote:odd', '--disable', 'ListR'),
  };
  await run('copy', 'remote:odd', join(folder, 'back'));
  const back = await readTree(join(folder, 'back'));
  // A filter makes rclone move file by file instead of the whole folder at once.
  const move = await run('move', '--max-size', '1M', 'remote:odd', 'remote:moved');
  const remove = await run('delete', 'remote:moved');
  const rmdirs = await run('rmdirs', 'remote:moved');
  return {
    allocated: allocated(upload.requests),
    stored,
    read: urls(check.requests),
    shown,
    back,
    moved: urls(move.requests),
    removed: urls([...remove.requests, ...rmdirs.requests]),
    left: emulator.tree().flatMap(({ path }) => (path.startsWith('/Jotta/Archive/moved') ? [path] : [])),
  };
}

describe('rclone keeps a file and a folder named', { timeout: 120_000 }, () => {
  let seen: Seen;
  let archive: string;
  before(async () => {
    await oneJourney({}, async (world) => {
      archive = `/jfs/${world.emulator.user}/Jotta/Archive`;
      seen = await look(world);
    });
  });

  for (const name of oddNames) {
    const wire = storedName(name);
    const title = name.length > 100 ? `${name.slice(0, 12)}… of ${name.length} letters` : JSON.stringify(name);
    it(`${title}${wire === name ? '' : ` as ${JSON.stringify(wire)}`}`, () => {
      const path = `${escaped(wire)}/${escaped(wire)}`;
      const { bytes } = seen.allocated.get(`/jfs/Jotta/Archive/odd/${wire}/${wire}`) ?? assert.fail('no allocate');
      assert.equal(bytes, Buffer.byteLength(contentOf(name)));
      assert.equal(seen.stored.get(contentOf(name)), `/Jotta/Archive/odd/${wire}/${wire}`);
      assert.ok(seen.read.has(`GET ${archive}/odd/${escaped(wire)}`), 'folder not listed');
      assert.ok(seen.read.has(`GET ${archive}/odd/${path}?mode=bin`), 'file not read');
      assert.equal(seen.back.get(`${name}/${name}`), contentOf(name));
      const target = formEncoded(`/${archive.split('/')[2]}/Jotta/Archive/moved/${wire}`);
      assert.ok(seen.moved.has(`POST ${archive}/moved/${escaped(wire)}?mkDir=true`), 'new parent not made');
      const mv = `?mv=${target}${formEncoded(`/${wire}`)}`;
      assert.ok(seen.moved.has(`POST ${archive}/odd/${path}${mv}`), 'file not moved');
      assert.ok(seen.removed.has(`POST ${archive}/moved/${path}?dl=true`), 'file not removed');
      assert.ok(seen.removed.has(`POST ${archive}/moved/${escaped(wire)}?dlDir=true`), 'folder not removed');
    });
  }

  it('and shows each as it shows the local one, in streamed and in plain listings', () => {
    const source = [...seen.shown.source].sort();
    assert.equal(source.length, oddNames.length);
    assert.deepEqual([...seen.shown.streamed].sort(), source);
    assert.deepEqual([...seen.shown.plain].sort(), source);
  });

  it('and neither more nor less comes back, and nothing is left', () => {
    assert.equal(seen.back.size, oddNames.length);
    assert.deepEqual(seen.left, []);
  });
});
