import * as vscode from 'vscode';
import { setOptions } from '../protocol/messages.ts';
import { mountNow } from './commands/mount.ts';
import { toDriveError } from './errors.ts';
import type { Services } from './services.ts';
import { getAllProfiles, getDriveOptions, type MountProfile, toMountParams } from './settings.ts';
import { ensureWorkspaceMounts } from './workspaceMounts.ts';

/**
 * What follows activation: with a stored session attach, mount what this window has open and what is to be mounted on
 * startup; without one, nothing is started.
 */
export async function startUp(services: Services, updateKeys: () => void): Promise<void> {
  const { client, tokens, fuse } = services;
  try {
    if ((await tokens.load()) !== undefined) {
      await client.attach();
      updateKeys();
      if (client.state.account !== null) {
        void fuse.update();
        for (const profile of getAllProfiles()) if (profile.onStartup) await mountOnStartup(services, profile);
      }
    }
  } catch (error) {
    tell(services, error);
  } finally {
    updateKeys();
  }
  await ensureWorkspaceMounts(services);
}

/** Nobody in this window asked for it, so one window tells it for all. */
function tell({ client, report, log }: Services, error: unknown): void {
  if (client.isNotifying) report(error);
  else log.warn('another window tells', { error: toDriveError(error) });
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

/** Mounts one profile. A failure is told, and does not keep the others from being mounted. */
async function mountOnStartup(services: Services, profile: MountProfile): Promise<void> {
  const params = toMountParams(profile);
  if (services.client.state.mounts.some(({ mountPoint }) => mountPoint === params.mountPoint)) return;
  try {
    await mountNow(services, params);
  } catch (error) {
    // Two windows starting together both try.
    if (toDriveError(error).code !== 'alreadyMounted') tell(services, error);
  }
}
