import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../../support/until.ts';
import { findOnServer, mount, onStage, signIn, untilOnServer } from './support.ts';

const file = '/Jotta/Archive/plan.md';

test('an earlier version is compared with the current one, and restored by the button of the comparison', async () => {
  await onStage(async (stage) => {
    for (const content of ['first\n', 'second\n', 'third\n']) await stage.emulator.put(file, content);
    const window = await stage.openWindow();
    await signIn(stage, window);
    await mount(stage, window);
    await window.expand('Jotta');
    await window.expand('Archive');

    await window.runRowAction('plan.md', 'Version History…');
    await window.quickInput.locator('.quick-input-title', { hasText: 'Version History of plan.md' }).waitFor();
    assert.equal(await window.quickPickRow(/./).count(), 2, 'the current version is not one to compare with itself');
    await window.quickPickRow(/./).last().click();
    const comparison = window.page.locator('.monaco-diff-editor');
    await comparison.locator('.editor.original', { hasText: 'first' }).waitFor();
    await comparison.locator('.editor.modified', { hasText: 'third' }).waitFor();

    await window.page.locator('.editor-actions').getByRole('button', { name: 'Restore Version…' }).click();
    await window.dialog.filter({ hasText: 'Restore this version of plan.md?' }).waitFor();
    await window.pressDialogButton('Restore');
    await untilOnServer(stage, file, 'first\n');
    assert.equal(findOnServer(stage.emulator, file)?.revision, 4, 'it is the newest version, and none is gone');
    await comparison.locator('.editor.modified', { hasText: 'first' }).waitFor();
    await until('the volume is idle', () => window.statusBarItem(/^\s*Jottacloud\s*$/).isVisible());
  });
});
