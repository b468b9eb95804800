import * as vscode from 'vscode';
import type { DriveState } from '../../protocol/state.ts';
import type { Services } from '../services.ts';
import { contractHome } from '../settings.ts';

/** Folders that were told about, over windows and restarts. */
const toldKey = 'jottacloud.rescuedTold';

/** Tells once where unsent files went when the drive found its database damaged. Without any there is nothing to do. */
export function watchRescued({ client, memory }: Services): vscode.Disposable {
  const look = ({ rescued }: DriveState) => {
    if (rescued === null || rescued.files === 0 || !client.speaks) return;
    if (memory.get<string>(toldKey) === rescued.folder) return;
    void memory.update(toldKey, rescued.folder);
    void tell(rescued.folder, rescued.files);
  };
  return client.onDidChangeState(look);
}

async function tell(folder: string, files: number): Promise<void> {
  const open = vscode.l10n.t('Open Folder');
  const text = vscode.l10n.t(
    'The records of Jottacloud on this computer were damaged and are made anew. Files that were not uploaded yet: {0}. They are in {1}.',
    files,
    contractHome(folder),
  );
  if ((await vscode.window.showWarningMessage(text, open)) !== open) return;
  await vscode.commands.executeCommand('vscode.openFolder', vscode.Uri.file(folder), { forceNewWindow: true });
}
