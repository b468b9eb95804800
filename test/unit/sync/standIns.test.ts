import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { NodeRow } from '../../../src/store/nodeRow.ts';
import type { RemoteFolder } from '../../../src/sync/tree/remote.ts';
import { cutName, fitName, nameEntries } from '../../../src/sync/tree/standIns.ts';

const folder = (name: string, wire = name): RemoteFolder => ({ kind: 'folder', name, wire });
const known = (name: string, wire: string) => ({ name, synced: { name, wire } }) as NodeRow;
const named = (entries: readonly RemoteFolder[], rows: readonly NodeRow[] = []) =>
  Object.fromEntries(nameEntries(entries, rows).map(({ name, wire }) => [wire, name]));

describe('stand-ins', () => {
  it('are for names of more than 255 bytes only, end as those do, and cut no character in two', () => {
    const longest = 'æ'.repeat(127);
    assert.equal(fitName(longest, longest), longest);
    const long = `${'👩'.repeat(70)}.tar`;
    const fitted = fitName(long, long);
    assert.ok(Buffer.byteLength(fitted) <= 255 && fitted.isWellFormed() && /~[0-9a-f]{8}\.tar$/.test(fitted), fitted);
    assert.notEqual(fitName(`x${long}`, `x${long}`), fitted);
    assert.equal(Buffer.byteLength(cutName('æ'.repeat(300), '.txt')), 254);
  });

  it('stay with what was shown under them, whoever comes or goes', () => {
    const first = named([folder('Name'), folder('name'), folder('NAME')]);
    assert.equal(first.Name, 'Name');
    assert.equal(new Set(Object.values(first)).size, 3);
    const rows = Object.entries(first).map(([wire, name]) => known(name, wire));
    assert.deepEqual(named([folder('NAME'), folder('nAME'), folder('name')], rows), {
      NAME: first.NAME,
      name: first.name,
      nAME: 'nAME',
    });
    assert.deepEqual(named([folder('NAME'), folder('name'), folder('Name')], rows), first);
  });

  it('follow a spelling that changed on the server, and meet no name that looks like one', () => {
    assert.deepEqual(named([folder('NAME')], [known('Name', 'Name')]), { NAME: 'NAME' });
    const taken = named([folder('a'), folder('A')]).A as string;
    const names = named([folder('a'), folder('A'), folder(taken)]);
    assert.equal(new Set(Object.values(names)).size, 3);
  });
});
