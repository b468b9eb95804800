import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { answering, connect } from './session.ts';
import { collectErrorMessages } from './support.ts';

const { executeCommand } = vscode.commands;
const home = '/Jotta/Archive/hostile';
/** A name that would be a link that runs a command, an icon, further lines, and what turns the text after it. */
const name = '[Retry](command:workbench.action.terminal.new) $(check) `**b**`\r\n\u202etxt.exe';
const uriOf = (path: string) => vscode.Uri.from({ scheme: 'jottacloud', path });
/** What VS Code takes for a link in messages, prompts and titles, and for an icon in labels. */
const syntax = /\[[^\]]+\]\((?:https?:\/\/|command:|file:)|\$\([A-Za-z0-9-]+\)|[\r\n\u202e]/i;

describe('a hostile name', () => {
  let disconnect: () => Promise<void>;
  before(async () => {
    ({ disconnect } = await connect());
    await vscode.workspace.fs.createDirectory(uriOf(`${home}/${name}`));
    await vscode.workspace.fs.writeFile(uriOf(`${home}/${name}/${name}`), new TextEncoder().encode('x'));
  });
  after(() => disconnect());

  const check = (asked: unknown) => {
    const text = JSON.stringify(asked, (_key, value: unknown) => (typeof value === 'function' ? undefined : value));
    assert.ok(text.includes('terminal.new'), `the name is shown: ${text}`);
    assert.doesNotMatch(text.replaceAll('\\r', '\r').replaceAll('\\n', '\n'), syntax);
  };

  it('is no link in a prompt', async () => {
    const refuse = () => undefined;
    check(await answering('showInputBox', refuse, () => executeCommand('jottacloud.newFolder', `${home}/${name}`)));
    const asked = await answering('showInputBox', refuse, () => executeCommand('jottacloud.rename', `${home}/${name}`));
    // The value to edit is the name itself.
    check(asked.map(([options]) => (options as vscode.InputBoxOptions).prompt));
  });

  it('is no link in a question', async () => {
    const refuse = () => undefined;
    check(await answering('showWarningMessage', refuse, () => executeCommand('jottacloud.delete', `${home}/${name}`)));
  });

  it('is no link in the title of a progress', async () => {
    const remove = () => executeCommand('jottacloud.delete', `${home}/${name}`);
    const confirmed = () => answering('showWarningMessage', () => 'Move to Trash', remove);
    check(await answering('withProgress', () => undefined, confirmed));
  });

  it('is no link in an error message', async () => {
    const taken = name.replace(/[\r\n]/g, '');
    await vscode.workspace.fs.createDirectory(uriOf(`${home}/${taken}`));
    const make = () => executeCommand('jottacloud.newFolder', home);
    check(await collectErrorMessages(() => answering('showInputBox', () => taken, make)));
  });
});
