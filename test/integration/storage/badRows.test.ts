import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import { type SessionWorld, withWorld } from '../../support/sessionWorld.ts';

const top = '/Jotta/Archive';
const huge = '9007199254740994';
/** Each makes one column of the file `bad` or of its folder something that the program never writes. */
const integers = [
  ...['size', 'mtimeSec', 'mtimeNsec', 'ctimeMs', 'mode', 'localOnly', 'parent', 'listedAt'],
  ...['sParent', 'sSize', 'sMtime', 'sRevision', 'bParent'],
];
const texts = ['kind', 'name', 'key', 'md5', 'staging', 'link', 'failure', 'sName', 'sKey', 'sWire', 'sMd5', 'sUuid'];
const damages: Record<string, string> = {
  ...Object.fromEntries(integers.map((column) => [`${column} beyond what JavaScript holds`, `${column} = ${huge}`])),
  ...Object.fromEntries(integers.map((column) => [`${column} below it`, `${column} = -${huge}`])),
  ...Object.fromEntries(
    texts.map((column) => [`${column} that is not UTF-8`, `${column} = CAST(x'ff' || ${column} || x'fe' AS TEXT)`]),
  ),
  'a server side without a name': 'sName = NULL, sKey = NULL',
  'a server side without a spelling': 'sWire = NULL',
  'a server side without size and time': 'sSize = NULL, sMtime = NULL',
  'a folder that is not there': 'parent = 1234567',
  'a folder on the server that is not there': 'sParent = 1234567',
  'itself as its folder': 'parent = ino',
  'itself as its folder on the server': 'sParent = ino',
  'itself as the end of a move': "bParent = ino, bName = 'x', bKey = 'x', bWire = 'x'",
  'a kind that there is not': "kind = 'nothing'",
  'a size below nothing': 'size = -5',
};

async function damage(world: SessionWorld, where: string, change: string): Promise<void> {
  await world.restart(async (dir) => {
    const db = new DatabaseSync(join(dir, 'metadata.db'));
    db.exec(`UPDATE node SET ${change} WHERE ${where}`);
    db.close();
  });
}

/** Whatever has become of one row: all that is beside it is listed, read, saved and sent, before and after a start. */
async function goesOn(world: SessionWorld, emulator: { read(path: string): Promise<Buffer> }): Promise<void> {
  for (const round of ['first', 'second']) {
    await world.poll();
    const names = (await world.session().vfs.readdir(await world.find(top))).map(({ name }) => name);
    assert.ok(names.includes('good.txt'), `${names}`);
    assert.equal(await world.readText(`${top}/good.txt`), 'good');
    await world.save(`${top}/${round}.txt`, round);
    await world.drain();
    assert.equal(String(await emulator.read(`${top}/${round}.txt`)), round);
    await world.restart();
  }
}

describe('a row that makes no sense', () => {
  for (const [what, change] of Object.entries(damages)) {
    it(
      `stops nothing else: a file that is sent, one that is not and a folder, each with ${what}`,
      { timeout: 60_000 },
      () =>
        withWorld({}, {}, async (world, emulator) => {
          await world.mkdir(`${top}/folder`);
          await world.save(`${top}/folder/inner.txt`, 'inner');
          for (const name of ['good', 'sent']) await world.save(`${top}/${name}.txt`, name);
          await world.drain();
          await world.save(`${top}/unsent.txt`, 'unsent');
          await damage(world, "name IN ('sent.txt', 'unsent.txt', 'folder')", change);
          await goesOn(world, emulator);
        }),
    );
  }

  it('stops nothing else: folders that are in each other', { timeout: 60_000 }, async () => {
    await withWorld({}, {}, async (world, emulator) => {
      for (const name of ['a', 'b']) await world.mkdir(`${top}/${name}`);
      await world.save(`${top}/good.txt`, 'good');
      const [a, b] = [await world.find(`${top}/a`), await world.find(`${top}/b`)];
      await damage(world, `ino IN (${a}, ${b})`, `parent = CASE ino WHEN ${a} THEN ${b} ELSE ${a} END`);
      await goesOn(world, emulator);
      const failed = world.session().nodes.getFailed();
      assert.deepEqual(
        failed.map(({ ino, failure }) => [ino, failure]),
        [
          [a, 'internal'],
          [b, 'internal'],
        ],
      );
    });
  });
});
