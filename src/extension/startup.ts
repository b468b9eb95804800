import * as vscode from 'vscode';
import { setOptions } from '../protocol/messages.ts';
import { mountNow } from './commands/mount.ts';
import { getDemoToken, runDemo } from './demo.ts';
import { toDriveError } from './errors.ts';
import type { Services } from './services.ts';
import { getDefaultMount, getDriveOptions, getMountsOnStartup } from './settings.ts';

/** What follows activation: with a stored session attach, and mount if asked to; without one, nothing is started. */
export async function startUp(services: Services, updateKeys: () => void): Promise<void> {
  const { client, tokens, fuse, report } = services;
  const demoToken = getDemoToken();
  try {
    if ((await tokens.load()) !== undefined) {
      await client.attach();
      if (client.state.account === null) return;
      void fuse.update();
      await mountOnStartup(services);
    } else if (demoToken !== undefined) await runDemo(services, demoToken);
  } catch (error) {
    report(error);
  } finally {
    updateKeys();
  }
}

/** Another window may sign in or change a setting; this one follows. */
export function followOutside({ client, tokens, log }: Services): vscode.Disposable {
  const logFailure = (error: unknown) => log.warn('could not follow', { error: toDriveError(error) });
  return vscode.Disposable.from(
    tokens.onDidChange(async () => {
      if (!client.attached && (await tokens.load()) !== undefined) client.attach().catch(logFailure);
    }),
    vscode.workspace.onDidChangeConfiguration((event) => {
      // Proxies and certificates are VS Code's own settings.
      if (client.attached && (event.affectsConfiguration('jottacloud') || event.affectsConfiguration('http'))) {
        client.request(setOptions, getDriveOptions()).catch(logFailure);
      }
    }),
  );
}

async function mountOnStartup(services: Services): Promise<void> {
  if (!getMountsOnStartup()) return;
  const params = getDefaultMount();
  if (services.client.state.mounts.some(({ mountPoint }) => mountPoint === params.mountPoint)) return;
  try {
    await mountNow(services, params);
  } catch (error) {
    // Two windows starting together both try.
    if (toDriveError(error).code !== 'alreadyMounted') throw error;
  }
}
