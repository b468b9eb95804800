import assert from 'node:assert/strict';
import { it } from 'node:test';
import { withWorld } from '../../support/sessionWorld.ts';
import { until } from '../../support/until.ts';

const top = '/Jotta/Archive';

it('a removed folder is looked at by a listing asked for after the removal, not by one that was under way', () =>
  withWorld({}, {}, async (world, emulator) => {
    await emulator.put(`${top}/d/a.txt`, 'known');
    const ino = await world.find(`${top}/d`);
    await world.session().vfs.readdir(ino);
    await world.session().vfs.readdir(await world.find(top));
    // A listing of `d` that is answered slowly, with what was there when it was asked for.
    emulator.setFaults([
      { match: { kind: 'list', pathIncludes: 'Archive/d' }, nth: 1, action: { type: 'stale' } },
      { match: { kind: 'list', pathIncludes: 'Archive/d' }, nth: 1, action: { type: 'delay', ms: 1000 } },
    ]);
    const listing = world.session().folders.refresh(ino);
    await until('it is under way', () => emulator.faults()[0]?.hits.length === 1);
    await emulator.put(`${top}/d/new.txt`, 'of another computer');
    await world.unlink(`${top}/d/a.txt`);
    await world.rmdir(`${top}/d`);
    await world.drain();
    await listing.catch(() => {});
    const live = emulator
      .tree()
      .map(({ path }) => path)
      .filter((path) => path.startsWith(top));
    assert.ok(live.includes(`${top}/d/new.txt`), JSON.stringify({ live, trash: emulator.trash() }));
  }));
