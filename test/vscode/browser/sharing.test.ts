import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Workbench } from '../harness/workbench.ts';
import { onStage, signIn } from './support.ts';

const archive = '/Jotta/Archive';

test('what is public stays seen, folders too, and a screen reader says what the rows show', async () => {
  await onStage(async (stage) => {
    await stage.emulator.put(`${archive}/letter.txt`, 'letter\n');
    await stage.emulator.put(`${archive}/pictures/one.txt`, 'one\n');
    const window = await stage.openWindow();
    await signIn(stage, window);
    await window.expand('Jotta');
    await window.expand('Archive');
    for (const name of ['pictures', 'letter.txt']) {
      await window.runRowAction(name, 'Copy Public Link');
      await window.pressDialogButton('Create Link');
      await spoken(window, new RegExp(`^${name}, (?:.*, )?public link`)).waitFor();
    }
    for (const label of ['Public Links', 'Trash']) await spoken(window, new RegExp(`^${label}\\b`)).waitFor();
    await window.runRowAction('letter.txt', 'Show Details');
    await spoken(window, /^Public link, https:/).waitFor();
    await spoken(window, /^\S+ \d+, .*7 B · current/).waitFor();

    // The service lists files alone. Another window, and this one after a reload, know the folder all the same.
    await window.reload();
    const other = await stage.openWindow(`${stage.server.home}/other`);
    for (const each of [window, other]) {
      await each.openView('Jottacloud');
      await each.expand('Jotta');
      await each.expand('Archive');
      await spoken(each, /^pictures, public link/).waitFor();
      await each.expand('Public Links');
      await spoken(each, /^letter\.txt, \/Jotta\/Archive/).waitFor();
    }
    await window.runRowAction(/^\s*pictures/, 'Remove Public Link');
    await window.pressDialogButton('Remove Link');
    await spoken(window, /^pictures$/).waitFor();
    await other.reload();
    await other.openView('Jottacloud');
    await other.expand('Public Links');
    assert.equal(await spoken(other, /^pictures,/).count(), 0, 'nobody thinks it public any more');
  });
});

/** Rows of the side bar by what a screen reader says of them. */
function spoken({ page }: Workbench, label: RegExp) {
  return page.locator('.sidebar').getByRole('treeitem', { name: label }).first();
}
