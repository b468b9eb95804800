import assert from 'node:assert/strict';
import { mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import * as vscode from 'vscode';
import type { VersionNode } from '../../../src/extension/views/details/detailItems.ts';
import type { DetailNode } from '../../../src/extension/views/details/detailsTree.ts';
import type { EntryNode } from '../../../src/extension/views/filesTree.ts';
import type { ExtensionApi } from '../extension.ts';
import { answering, connect, waitForServer } from './session.ts';
import { waitFor } from './support.ts';

const { fs } = vscode.workspace;
const { executeCommand } = vscode.commands;
const home = '/Jotta/Archive/details';
const uriOf = (accountPath: string) => vscode.Uri.from({ scheme: 'jottacloud', path: accountPath });
describe('the Details view', () => {
  let api: ExtensionApi;
  let disconnect: () => Promise<void>;
  before(async () => {
    ({ api, disconnect } = await connect());
    await fs.createDirectory(uriOf(home));
  });
  after(() => disconnect());

  const saveVersion = async (name: string, text: string) => {
    await fs.writeFile(uriOf(`${home}/${name}`), new TextEncoder().encode(text));
    await waitForServer(`${home}/${name}`, text);
  };
  /** The rows of an item as its view shows them. */
  async function show(accountPath: string): Promise<DetailNode[]> {
    await executeCommand('jottacloud.showDetails', accountPath);
    await waitFor('the item', () => api.details.subject === accountPath || undefined);
    return api.details.getChildren();
  }
  const labelsOf = (nodes: readonly DetailNode[]) => nodes.map((node) => api.details.getTreeItem(node).label);
  const versionsOf = async (nodes: readonly DetailNode[]) => {
    const children = await api.details.getChildren(nodes.find(({ kind }) => kind === 'versions'));
    return children.filter((node): node is VersionNode => node.kind === 'version');
  };

  it('tells of a file its versions, its public link and what became of its transfers', async () => {
    for (const text of ['one', 'two']) await saveVersion('told.txt', text);
    await waitFor('an idle drive', () => api.state().pendingChanges === 0 || undefined);
    const rows = await show(`${home}/told.txt`);
    assert.deepEqual(labelsOf(rows).slice(0, 3), ['told.txt', 'Not public', 'Versions']);
    const past = rows.filter((row) => row.kind === 'past').map(({ past: { kind, outcome } }) => [kind, outcome]);
    assert.deepEqual(past, [
      ['upload', 'done'],
      ['upload', 'done'],
    ]);
    const versions = await versionsOf(rows);
    assert.deepEqual(
      versions.map(({ version }) => version.current),
      [true, false],
    );
    assert.equal(api.details.getTreeItem(versions[0] as VersionNode).contextValue, 'details.current');

    const agree = (_text: unknown, _options: unknown, yes: unknown) => yes;
    await answering('showWarningMessage', agree, () => executeCommand('jottacloud.copyPublicLink', rows[1], [rows[1]]));
    const shared = (await api.details.getChildren())[1] as DetailNode;
    assert.equal(api.details.getTreeItem(shared).contextValue, 'details.public');
    assert.match(String(api.details.getTreeItem(shared).description), /^https:/);
    await answering('showWarningMessage', agree, () => executeCommand('jottacloud.removePublicLink', shared, [shared]));
    assert.equal(labelsOf(await api.details.getChildren())[1], 'Not public');
  });

  it('compares a version that is clicked, and restores one', async () => {
    for (const text of ['old', 'new']) await saveVersion('changed.txt', text);
    await waitFor('an idle drive', () => api.state().pendingChanges === 0 || undefined);
    const [, old] = await versionsOf(await show(`${home}/changed.txt`));
    assert.ok(old);
    const { command, arguments: given = [] } = api.details.getTreeItem(old).command ?? {};
    assert.equal(await executeCommand(command ?? '', ...given), old.version.revision);
    const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
    assert.ok(input instanceof vscode.TabInputTextDiff && input.original.scheme === 'jottacloud-version');
    const agree = (_text: unknown, _options: unknown, yes: unknown) => yes;
    await answering('showWarningMessage', agree, () => executeCommand('jottacloud.restoreVersion', old, [old]));
    await waitForServer(`${home}/changed.txt`, 'old');
  });

  it('follows the file that an editor shows, and tells of a folder who can see it', async () => {
    await saveVersion('edited.txt', 'x');
    await vscode.window.showTextDocument(uriOf(`${home}/edited.txt`));
    await waitFor('the editor’s file', () => api.details.subject === `${home}/edited.txt` || undefined);
    assert.deepEqual(labelsOf(await show(home)).slice(0, 2), ['details', 'Not public']);
  });

  it('shows what a picture looks like that is on this computer, and downloads none', async () => {
    const mountPoint = path.join(await mkdtemp(path.join(os.tmpdir(), 'mnt-')), 'Jottacloud');
    const configuration = vscode.workspace.getConfiguration('jottacloud');
    await configuration.update('mount.path', mountPoint, vscode.ConfigurationTarget.Global);
    const name = 'a (1).png';
    await saveVersion(name, 'as far as its name tells');
    await waitFor('an idle drive', () => api.state().pendingChanges === 0 || undefined);
    assert.equal(await executeCommand('jottacloud.mount'), true);
    await waitFor('the mount', () => api.state().mounts.some(({ status }) => status === 'mounted') || undefined);
    try {
      const tooltipOf = async () => {
        const node = await api.tree.findNode(`${home}/${name}`);
        const item = await api.tree.resolveTreeItem({}, node as EntryNode);
        return (item.tooltip as vscode.MarkdownString).value;
      };
      const shown = `file://${mountPoint}${home}/a%20%281%29.png|height=160`;
      assert.ok((await tooltipOf()).includes(`![](${shown})`), await tooltipOf());
      await executeCommand('jottacloud.freeUpSpace');
      assert.ok(!(await tooltipOf()).includes('![]'));
    } finally {
      await executeCommand('jottacloud.unmount');
      await configuration.update('mount.path', undefined, vscode.ConfigurationTarget.Global);
    }
  });
});
