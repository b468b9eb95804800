import * as vscode from 'vscode';
import type { DriveState } from '../protocol/state.ts';
import type { Services } from './services.ts';
import { contractHome } from './settings.ts';
import { showInformation } from './ui/messages.ts';

const toldKey = 'jottacloud.excludesSuggested';

/**
 * A whole mount opened as a folder makes VS Code walk through the whole account, to watch and to index it. Suggests once
 * for each mount point to leave it out; a folder inside a mount is a project like any other.
 */
export function suggestExcludes({ client, memory }: Services): vscode.Disposable {
  const look = ({ mounts }: DriveState) => {
    if (!client.isNotifying) return;
    const open = (vscode.workspace.workspaceFolders ?? []).map(({ uri }) => uri.fsPath);
    const told = memory.get<readonly string[]>(toldKey, []);
    const fresh = mounts.find(
      ({ status, mountPoint }) => status === 'mounted' && open.includes(mountPoint) && !told.includes(mountPoint),
    );
    if (fresh === undefined) return;
    void memory.update(toldKey, [...told, fresh.mountPoint]);
    void suggest(fresh.mountPoint);
  };
  return client.onDidChangeState(look);
}

async function suggest(mountPoint: string): Promise<void> {
  const both = vscode.l10n.t('Turn Off Both');
  const watching = vscode.l10n.t('Turn Off Watching Only');
  const chosen = await showInformation(
    vscode.l10n.t(
      '{0} is a whole Jottacloud mount. Searching it would download your whole account. Turn off watching and search here?',
      contractHome(mountPoint),
    ),
    both,
    watching,
  );
  if (chosen !== undefined) await exclude('files', 'watcherExclude', mountPoint);
  if (chosen === both) await exclude('search', 'exclude', mountPoint);
}

/** In the person's settings: those of the workspace would be a file in the account. */
async function exclude(section: string, name: string, mountPoint: string): Promise<void> {
  const settings = vscode.workspace.getConfiguration(section);
  const before = settings.inspect<Record<string, boolean>>(name)?.globalValue;
  await settings.update(name, { ...before, [`${mountPoint}/**`]: true }, vscode.ConfigurationTarget.Global);
}
