import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { getExtension } from './support.ts';

/** What can only be seen in a running host; the rest is test/unit/extension/contributions.test.ts. */
describe('what the manifest promises', () => {
  it('has every declared command registered after activation', async () => {
    await getExtension().activate();
    const { contributes } = getExtension().packageJSON as { contributes: { commands: { command: string }[] } };
    const registered = new Set(await vscode.commands.getCommands(true));
    const missing = contributes.commands.filter(({ command }) => !registered.has(command));
    assert.deepEqual(missing, []);
  });

  it('has the default of every setting that nobody has set', async () => {
    const { properties } = getExtension().packageJSON.contributes.configuration as {
      properties: Record<string, { default: unknown }>;
    };
    const settings = vscode.workspace.getConfiguration();
    for (const [name, setting] of Object.entries(properties)) {
      assert.deepEqual(settings.inspect(name)?.defaultValue, setting.default, name);
    }
  });
});
