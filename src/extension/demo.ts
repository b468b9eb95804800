import * as vscode from 'vscode';
import { mountNow } from './commands/mount.ts';
import type { Services } from './services.ts';
import { getDefaultMount } from './settings.ts';
import { signInWith } from './signIn/withToken.ts';

/**
 * `npm run demo` against a local emulator: signs in with the token of the environment and mounts, without a question.
 * Only for an endpoint on this very computer, so that no real token ever has a reason to be in an environment.
 */
export function getDemoToken(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const { JOTTACLOUD_ENDPOINT: endpoint, JOTTACLOUD_DEMO_LOGIN_TOKEN: token } = env;
  return token && endpoint && isLoopback(endpoint) ? token : undefined;
}

export async function runDemo(services: Services, token: string): Promise<void> {
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
  await vscode.commands.executeCommand('markdown.showPreview', vscode.Uri.joinPath(folder.uri, 'README.md'));
}

function isLoopback(endpoint: string): boolean {
  if (!URL.canParse(endpoint)) return false;
  const { hostname } = new URL(endpoint);
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}
