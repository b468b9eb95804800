import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { list } from '../../../src/drive/files/entries.ts';
import { isRemoteError } from '../../../src/sync/tree/remote.ts';
import { type SessionWorld, showServer, showTree, withWorld } from '../../support/sessionWorld.ts';

const top = '/Jotta/Archive';

const characters = [
  { quirk: 'backslashInName', habit: 'backslashInNames', raw: '\\', lookalike: '＼' },
  { quirk: 'semicolonInName', habit: 'semicolonInNames', raw: ';', lookalike: '；' },
] as const;

/** As a window sees it. */
async function describeEntry(world: SessionWorld, path: string) {
  const folder = path.slice(0, path.lastIndexOf('/'));
  const entries = await list(
    { session: world.session(), getMounts: () => [], mountsTold: async () => {} },
    folder,
    false,
  );
  return entries.find((entry) => entry.path === path);
}

describe('a character that the service refuses in names', () => {
  for (const { quirk, habit, raw, lookalike } of characters) {
    for (const how of ['400', 'refused'] as const) {
      it(`${raw} (${how}) travels as its look-alike, and is shown here as it was given`, async () => {
        await withWorld({ quirks: { [quirk]: how } }, {}, async (world, emulator) => {
          await world.save(`${top}/new${raw}file`, 'content of a new file');
          await world.drain();
          assert.deepEqual(await showServer(emulator, top), { [`new${lookalike}file`]: 'content of a new file' });
          assert.deepEqual(world.session().client.lacking, [habit]);
          await world.mkdir(`${top}/folder${raw}`);
          await world.save(`${top}/folder${raw}/in${raw}it`, 'inside');
          await world.save(`${top}/plain`, 'plain');
          await world.drain();
          await world.rename(`${top}/plain`, `${top}/moved${raw}`);
          await world.rename(`${top}/new${raw}file`, `${top}/folder${raw}/new${raw}file`);
          await world.drain();
          const expected = (sign: string) => ({
            [`folder${sign}/`]: '',
            [`folder${sign}/in${sign}it`]: 'inside',
            [`folder${sign}/new${sign}file`]: 'content of a new file',
            [`moved${sign}`]: 'plain',
          });
          assert.deepEqual(await showServer(emulator, top), expected(lookalike));
          await world.poll();
          await world.restart();
          await world.poll();
          assert.deepEqual(await showTree(world, top), expected(raw));
          assert.equal((await describeEntry(world, `${top}/moved${raw}`))?.serverName, `moved${lookalike}`);
          assert.deepEqual(world.session().nodes.getFailed(), []);
        });
      });

      it(`${raw} (${how}) is edited, and removed with its folder, under its look-alike`, async () => {
        await withWorld({ quirks: { [quirk]: how } }, {}, async (world, emulator) => {
          await world.mkdir(`${top}/a${raw}b`);
          await world.save(`${top}/a${raw}b/c${raw}d`, 'first');
          await world.drain();
          await world.restart();
          await world.save(`${top}/a${raw}b/c${raw}d`, 'second');
          await world.drain();
          assert.deepEqual(await showServer(emulator, `${top}/a${lookalike}b`), { [`c${lookalike}d`]: 'second' });
          await world.unlink(`${top}/a${raw}b/c${raw}d`);
          await world.rmdir(`${top}/a${raw}b`);
          await world.drain();
          assert.deepEqual(await showServer(emulator, top), {});
        });
      });
    }
  }

  it('is no reason to send another name where the service takes it', async () => {
    await withWorld({}, {}, async (world, emulator) => {
      await world.save(`${top}/a\\b;c`, 'x');
      await world.mkdir(`${top}/d;e`);
      await world.drain();
      assert.deepEqual(await showServer(emulator, top), { 'a\\b;c': 'x', 'd;e/': '' });
    });
  });

  it('is not sent to be stored by a service that could never be asked for it again', async () => {
    await withWorld({ quirks: { semicolonInName: '400' } }, {}, async (world, emulator) => {
      // From here on new small files are not looked at first.
      await world.save(`${top}/plain`, 'plain');
      await world.drain();
      assert.ok(world.session().client.refusesTaken);
      await world.save(`${top}/a;b`, 'x');
      await world.drain();
      assert.deepEqual(Object.keys(await showServer(emulator, top)), ['a；b', 'plain']);
    });
  });
});

describe('a file of others whose name the service cannot be asked for', () => {
  for (const [quirk, sign] of [
    ['percentInName', '%'],
    ['semicolonInName', ';'],
  ] as const) {
    it(`is shown with ${sign}, says why it cannot be opened, and does not keep the others from being read`, async () => {
      await withWorld({ quirks: { [quirk]: '400' } }, {}, async (world, emulator) => {
        await emulator.put(`${top}/raw${sign}name`, 'theirs');
        await emulator.put(`${top}/plain`, 'plain');
        await assert.rejects(
          world.readText(`${top}/raw${sign}name`),
          (error: Error & { code?: string }) =>
            error.code === 'EOPNOTSUPP' && isRemoteError(error.cause, 'unreachableName'),
        );
        const entry = await describeEntry(world, `${top}/raw${sign}name`);
        assert.equal(entry?.unanswered, 'unreachableName');
        assert.equal((await describeEntry(world, `${top}/plain`))?.unanswered, undefined);
        assert.equal(await world.readText(`${top}/plain`), 'plain');
      });
    });
  }

  it('stays on the server when it is removed here, and that is told', async () => {
    await withWorld({}, {}, async (world, emulator) => {
      await emulator.put(`${top}/raw%name`, 'theirs');
      await world.unlink(`${top}/raw%name`);
      await world.drain();
      assert.deepEqual(
        world
          .session()
          .nodes.getFailed()
          .map(({ failure }) => failure),
        ['unreachableName'],
      );
      assert.deepEqual(await showServer(emulator, top), { 'raw%name': 'theirs' });
    });
  });

  it('goes with its folder, and comes along when that is moved', async () => {
    await withWorld({}, {}, async (world, emulator) => {
      await emulator.put(`${top}/folder/raw%name`, 'theirs');
      await emulator.put(`${top}/other/raw%name`, 'theirs too');
      await showFolders(world);
      await world.rename(`${top}/folder`, `${top}/moved`);
      await world.drain();
      assert.deepEqual(Object.keys(await showServer(emulator, top)), [
        'moved/',
        'moved/raw%name',
        'other/',
        'other/raw%name',
      ]);
      await world.unlink(`${top}/other/raw%name`);
      await world.rmdir(`${top}/other`);
      await world.drain();
      assert.deepEqual(Object.keys(await showServer(emulator, top)), ['moved/', 'moved/raw%name']);
    });
  });
});

async function showFolders(world: SessionWorld): Promise<void> {
  for (const folder of ['folder', 'other']) await world.session().vfs.readdir(await world.find(`${top}/${folder}`));
}

describe('a 400 that is not about a name', () => {
  it('leaves a removal and a move to be tried again, and blames no name', async () => {
    await withWorld({}, {}, async (world, emulator) => {
      await world.save(`${top}/removed`, 'x');
      await world.save(`${top}/moved`, 'y');
      await world.drain();
      const refuse = (kind: 'dl' | 'mv') => ({
        match: { kind },
        action: { type: 'status' as const, status: 400 },
        times: 1,
      });
      emulator.setFaults([refuse('dl'), refuse('mv')]);
      await world.unlink(`${top}/removed`);
      await world.rename(`${top}/moved`, `${top}/elsewhere`);
      await world.drain();
      assert.deepEqual(await showServer(emulator, top), { elsewhere: 'y' });
      assert.deepEqual(world.session().nodes.getFailed(), []);
    });
  });
});
