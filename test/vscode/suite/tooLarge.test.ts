import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { connect } from './session.ts';
import { collectErrorMessages, waitFor } from './support.ts';

const { fs } = vscode.workspace;
const { executeCommand } = vscode.commands;
const folder = '/Jotta/Archive/large';
const uri = vscode.Uri.from({ scheme: 'jottacloud', path: `${folder}/film.txt` });
/** One more byte than is opened. */
const size = 256 * 1024 * 1024 + 1;

describe('a file that is too large to be opened', () => {
  let disconnect: () => Promise<void>;
  const settings = vscode.workspace.getConfiguration('workbench');
  before(async () => {
    ({ disconnect } = await connect());
    await executeCommand('jottacloud.pauseTransfers');
    await fs.createDirectory(uri.with({ path: folder }));
    await fs.writeFile(uri, new Uint8Array(size));
    // VS Code asks before it opens as much; somebody has agreed.
    await settings.update('editorLargeFileConfirmation', 1_000, vscode.ConfigurationTarget.Global);
  });
  after(async () => {
    await settings.update('editorLargeFileConfirmation', undefined, vscode.ConfigurationTarget.Global);
    await fs.delete(uri.with({ path: folder }), { recursive: true });
    await executeCommand('jottacloud.resumeTransfers');
    await disconnect();
  });

  it('says so and what to do, not that the error is unexpected', async () => {
    const [message] = await collectErrorMessages(async (shown) => {
      await executeCommand('vscode.open', uri);
      await waitFor('the message', () => shown.length > 0 || undefined);
    });
    const says = `${uri.path} is too large to open here. Download it, or mount it and use another program.`;
    assert.equal(message, says);
  });

  it('fails for extensions with the same sentence', async () => {
    await assert.rejects(Promise.resolve(fs.readFile(uri)), (error: Error) =>
      /film\.txt is too large/.test(error.message),
    );
  });
});
