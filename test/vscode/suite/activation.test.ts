import assert from 'node:assert/strict';
import * as vscode from 'vscode';

describe('the extension', () => {
  it('activates in a real extension host', async () => {
    const extension = vscode.extensions.getExtension('jottacloud-drive.jottacloud-drive');
    assert.ok(extension, 'it is installed');
    await extension.activate();
    assert.equal(extension.isActive, true);
  });
});
