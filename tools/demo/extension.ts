import * as vscode from 'vscode';
import { mountNow } from '../../src/extension/commands/mount.ts';
import { compose } from '../../src/extension/compose.ts';
import type { Services } from '../../src/extension/services.ts';
import { getDefaultMount } from '../../src/extension/settings.ts';
import { signInWith } from '../../src/extension/signIn/withToken.ts';

// The extension as `npm run demo` installs it: the real one, which then signs in and mounts without a question.

export function activate(context: vscode.ExtensionContext): void {
  const { services, started } = compose(context);
  started.then(() => runDemo(services)).catch(services.report);
}

async function runDemo(services: Services): Promise<void> {
  const token = process.env.JOTTACLOUD_DEMO_LOGIN_TOKEN;
  // A window that is reloaded has a session already.
  if (token === undefined || (await services.tokens.load()) !== undefined) return;
  await signInWith(services, token);
  await showDemo();
  const params = getDefaultMount();
  const mounted = services.client.state.mounts.some(({ mountPoint }) => mountPoint === params.mountPoint);
  if (!mounted) await mountNow(services, params);
}

/** The Jottacloud view, and beside it what there is to try. */
async function showDemo(): Promise<void> {
  await vscode.commands.executeCommand('jottacloud.files.focus');
  const [folder] = vscode.workspace.workspaceFolders ?? [];
  if (folder === undefined) return;
  // As an editor of its own: a preview would go along to the next Markdown file.
  const readme = vscode.Uri.joinPath(folder.uri, 'README.md');
  await vscode.commands.executeCommand('vscode.openWith', readme, 'vscode.markdown.preview.editor');
}
