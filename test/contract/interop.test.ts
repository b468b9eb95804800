import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { decodeName, encodeName } from '../../src/jottacloud/names.ts';
import { md5 } from '../support/md5.ts';
import { oddNames, percentNames } from '../support/oddNames.ts';
import { holds, list, outcomeOf, read, store } from './client/acts.ts';
import { download, interopWorld, oddTree, sorted, streamed, upload } from './interopTree.ts';
import { livePaths, readTree, writeFiles } from './rcloneWorld.ts';

const quoted = ['‛', '‛x', 'x‛', 'a‛b', '‛‛', '‛：', '‛␉', '‛E9'];

describe('our client and rclone', { timeout: 120_000 }, () => {
  it('mean the same by a tree of odd names that our client wrote: names, md5, content', async (test) => {
    const { ours, run, folder } = await interopWorld(test);
    const tree = oddTree();
    await upload(ours, 'tree', tree);
    const mirror = await writeFiles(join(folder, 'mirror'), Object.fromEntries(tree));
    const check = await run('check', '--download', mirror, 'remote:tree');
    assert.match(check.err, new RegExp(`: 0 differences found.*: ${tree.size} matching files`, 's'));
    const shown = async (place: string) => {
      const items: { Path: string; Hashes?: { md5: string } }[] = JSON.parse(
        (await run('lsjson', '-R', '--hash', place)).out,
      );
      return items.map(({ Path, Hashes }) => `${Path} ${Hashes?.md5 ?? 'folder'}`).sort();
    };
    assert.deepEqual(await shown('remote:tree'), await shown(mirror));
    await run('copy', 'remote:tree', join(folder, 'back'));
    assert.deepEqual(sorted(await readTree(join(folder, 'back'))), sorted(tree));
  });

  it('mean the same by a tree of odd names that rclone wrote: names, md5, content', async (test) => {
    const { ours, run, folder } = await interopWorld(test);
    const tree = oddTree();
    const mirror = await writeFiles(join(folder, 'mirror'), Object.fromEntries(tree));
    await run('copy', mirror, 'remote:tree');
    assert.deepEqual(sorted(await download(ours, 'tree')), sorted(tree));
    const md5s = new Map([...tree].map(([path, content]) => [path, md5(content)]));
    assert.deepEqual(sorted(await streamed(ours.client, [...ours.folder, 'tree'], ours.signal)), sorted(md5s));
  });

  it('find what the other has moved, and miss what the other has removed', async (test) => {
    const { ours, run, folder } = await interopWorld(test);
    const { client, signal } = ours;
    const at = (...names: string[]) => [...ours.folder, ...names];
    const files = Object.fromEntries(oddNames.map((name) => [name, `content of ${name}`]));
    const mirror = await writeFiles(join(folder, 'mirror'), files);
    await run('copy', mirror, 'remote:theirs');
    await client.createFolder(at('ours'), signal);
    for (const { name } of await client.fetchFolder(at('theirs'), signal)) {
      await client.moveFile(at('theirs', name), at('ours', name), signal);
    }
    const check = await run('check', '--download', mirror, 'remote:ours');
    assert.match(check.err, new RegExp(`: 0 differences found.*: ${oddNames.length} matching files`, 's'));
    await run('move', '--max-size', '1M', 'remote:ours', 'remote:theirs again');
    const entries = await list(ours, at('theirs again'));
    assert.deepEqual(entries.map(decodeName).sort(), oddNames.toSorted());
    for (const name of entries.slice(1)) await client.trashFile(at('theirs again', name), signal);
    assert.equal((await run('lsf', 'remote:theirs again')).out.trimEnd().split('\n').length, 1);
    const trash = await run('lsf', '-R', '--files-only', '--jottacloud-trashed-only', 'remote:theirs again');
    assert.equal(trash.out.trimEnd().split('\n').length, oddNames.length - 1);
    await run('delete', 'remote:theirs again');
    assert.deepEqual(await list(ours, at('theirs again')), []);
  });

  it('see each other’s times to the second, and each other’s revisions', async (test) => {
    const { ours, run, folder, emulator } = await interopWorld(test);
    const source = await writeFiles(folder, { one: 'first', two: 'second' });
    await run('touch', '-t', '2020-01-02T03:04:05', join(source, 'one'));
    await run('copyto', join(source, 'one'), 'remote:f');
    const path = [...ours.folder, 'f'];
    const file = await ours.client.fetchFile(path, ours.signal);
    assert.deepEqual([file.modified, file.created, file.revision], [1_577_934_245, 1_577_934_245, 1]);
    const stamp = { md5: file.md5, size: file.size, modified: 1_600_000_000, created: 1_500_000_000 };
    await ours.client.setFileTimes(path, stamp, ours.signal);
    assert.match((await run('lsl', 'remote:f')).out, /^ +5 2020-09-13 12:26:40\.000000000 f$/m);
    await run('copyto', join(source, 'two'), 'remote:f');
    assert.equal((await ours.client.fetchFile(path, ours.signal)).revision, 2);
    await store(ours, path, Buffer.from('third'));
    assert.equal((await run('cat', 'remote:f')).out, 'third');
    assert.equal(emulator.tree().find((item) => item.path === '/Jotta/Archive/f')?.revision, 3);
  });

  it('send nothing that the other has sent before', async (test) => {
    const { ours, run, folder, emulator } = await interopWorld(test);
    const source = await writeFiles(folder, { one: 'sent by rclone', two: 'sent by us' });
    await run('copyto', join(source, 'one'), 'remote:one');
    assert.equal(await store(ours, [...ours.folder, 'same as one'], Buffer.from('sent by rclone')), 'known');
    await store(ours, [...ours.folder, 'two'], Buffer.from('sent by us'));
    const { requests } = await run('copyto', join(source, 'two'), 'remote:same as two');
    assert.equal(requests.filter(({ kind }) => kind === 'upload').length, 0);
    assert.equal((await emulator.read('/Jotta/Archive/same as two')).toString(), 'sent by us');
  });
});

describe('our client and rclone 1.60.1 cannot mean the same by', { timeout: 120_000 }, () => {
  it('a percent sign of ours, which rclone shows and downloads as its look-alike', async (test) => {
    const { ours, run, folder } = await interopWorld(test);
    await upload(ours, 'tree', new Map(percentNames.map((name) => [name, name])));
    await run('copy', 'remote:tree', join(folder, 'back'));
    const expected = percentNames.map((name): [string, string] => [name.replaceAll('%', '％'), name]);
    assert.deepEqual(sorted(await readTree(join(folder, 'back'))), sorted(new Map(expected)));
  });

  for (const [percentInName, outcome] of [
    ['400', 'unreachableName'],
    ['allowed', 'done'],
  ] as const) {
    const can = outcome === 'done' ? 'can' : 'cannot';
    it(`a percent sign of rclone’s, which we list and ${can} read where the service ${can}`, async (test) => {
      const { ours, run, folder } = await interopWorld(test, { quirks: { percentInName } });
      const files = Object.fromEntries(percentNames.map((name) => [name, `content of ${name}`]));
      await run('copy', await writeFiles(join(folder, 'source'), files), 'remote:tree');
      const entries = await ours.client.fetchFolder([...ours.folder, 'tree'], ours.signal);
      assert.deepEqual(entries.map(({ name }) => decodeName(name)).sort(), percentNames.toSorted());
      for (const { name } of entries) {
        const path = [...ours.folder, 'tree', name];
        assert.equal(await outcomeOf(ours.client.fetchFile(path, ours.signal)), outcome, name);
        if (outcome === 'done') await holds(ours, path, Buffer.from(`content of ${name}`));
      }
    });
  }

  it('the look-alike of a percent sign: ours it cannot read, its own we show as the sign', async (test) => {
    const { ours, run, tryRun, folder } = await interopWorld(test);
    await upload(ours, 'ours', new Map([['100％', 'x']]));
    const copy = await tryRun('copy', 'remote:ours', join(folder, 'back'));
    assert.equal(copy.code, 1);
    assert.match(copy.err, /‛‛％: Failed to copy: .*404/);
    await run('copy', await writeFiles(join(folder, 'source'), { '100％': 'x' }), 'remote:theirs');
    assert.deepEqual(sorted(await download(ours, 'theirs')), [['100%', 'x']]);
  });

  it('the quote U+201B of ours, which rclone doubles; it reads the content and cannot even read such a local name', async (test) => {
    const { ours, run, tryRun, folder } = await interopWorld(test);
    await upload(ours, 'tree', new Map(quoted.map((name) => [name, `content of ${name}`])));
    assert.deepEqual(sorted(await download(ours, 'tree')).length, quoted.length);
    await run('copy', 'remote:tree', join(folder, 'back'));
    const back = await readTree(join(folder, 'back'));
    assert.deepEqual([...back.values()].sort(), quoted.map((name) => `content of ${name}`).sort());
    assert.deepEqual([...back.keys()].sort(), quoted.map((name) => name.replaceAll('‛', '‛‛')).sort());
    const upward = await tryRun('copy', await writeFiles(join(folder, 'source'), { 'a‛b': 'x' }), 'remote:theirs');
    assert.notEqual(upward.code, 0);
    assert.match(upward.err, /a‛‛b: .*no such file or directory/);
  });

  it('a raw reserved character of a third client, which we read and rename and rclone does not', async (test) => {
    const { ours, run, tryRun, emulator } = await interopWorld(test);
    await emulator.put('/Jotta/Archive/IMG 12:30 "*?".jpg', 'photo');
    const [entry] = await ours.client.fetchFolder(ours.folder, ours.signal);
    assert.equal(entry?.name, 'IMG 12:30 "*?".jpg');
    const path = [...ours.folder, entry.name];
    assert.equal((await read(ours, path)).toString(), 'photo');
    assert.notEqual((await tryRun('cat', `remote:${entry.name}`)).code, 0);
    await ours.client.moveFile(path, [...ours.folder, encodeName(decodeName(entry.name))], ours.signal);
    assert.equal((await run('cat', `remote:${entry.name}`)).out, 'photo');
    assert.deepEqual(livePaths(emulator), ['IMG 12：30 ＂＊？＂.jpg']);
  });

  it('bytes that are no UTF-8, which rclone quotes as hex and we show quoted', async (test) => {
    const { ours, emulator } = await interopWorld(test);
    await emulator.put('/Jotta/Archive/tree/caf‛E9', 'latin');
    assert.deepEqual(sorted(await download(ours, 'tree')), [['caf‛E9', 'latin']]);
  });

  it('names that differ only in normalisation: we read both, rclone brings one back', async (test) => {
    const { ours, run, emulator, folder } = await interopWorld(test);
    for (const name of ['caf\u00e9', 'cafe\u0301']) await emulator.put(`/Jotta/Archive/tree/${name}`, name);
    assert.deepEqual([...(await download(ours, 'tree')).values()].sort(), ['cafe\u0301', 'caf\u00e9']);
    const copy = await run('copy', 'remote:tree', join(folder, 'back'));
    assert.match(copy.err, /Duplicate object found in source - ignoring/);
    assert.equal((await readTree(join(folder, 'back'))).size, 1);
  });

  it('names that differ only in case: the service has one file for both', async (test) => {
    const { ours, run, folder } = await interopWorld(test);
    const source = await writeFiles(folder, { file: 'by rclone' });
    await run('copyto', join(source, 'file'), 'remote:Name');
    await store(ours, [...ours.folder, 'name'], Buffer.from('by us'));
    assert.deepEqual(await list(ours, ours.folder), ['Name']);
    assert.equal((await run('cat', 'remote:Name')).out, 'by us');
  });
});
