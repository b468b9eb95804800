import * as vscode from 'vscode';
import type { MountState } from '../../protocol/state.ts';
import type { Services } from '../services.ts';
import { contractHome } from '../settings.ts';
import { showError } from '../ui/messages.ts';

/** A mount that was up and fell over. One that never came up is told by the command that asked for it. */
export function watchMounts({ client }: Services): vscode.Disposable {
  let up = new Set<string>();
  return client.onDidChangeState(({ mounts }) => {
    const fallen = mounts.filter(({ status, mountPoint }) => status === 'failed' && up.has(mountPoint));
    up = new Set(mounts.filter(({ status }) => status === 'mounted').map(({ mountPoint }) => mountPoint));
    if (client.isNotifying) for (const mount of fallen) void tell(mount);
  });
}

async function tell({ mountPoint }: MountState): Promise<void> {
  const again = vscode.l10n.t('Mount Again');
  const text = vscode.l10n.t('{0} is no longer mounted. Nothing is lost; mount it again.', contractHome(mountPoint));
  const chosen = await showError(text, again);
  if (chosen === again) await vscode.commands.executeCommand('jottacloud.mount', { mountPoint });
}
