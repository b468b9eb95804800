import * as vscode from 'vscode';
import type { DriveState, RescuedFiles } from '../../protocol/state.ts';
import type { Services } from '../services.ts';
import { contractHome } from '../settings.ts';
import { showWarning } from '../ui/messages.ts';

/** When what was told last happened, over windows and restarts. */
const toldKey = 'jottacloud.rescuedTold';

/** Tells once where unsent content went that the drive found without a place in the tree. Without any there is nothing to do. */
export function watchRescued({ client, memory }: Services): vscode.Disposable {
  const look = ({ rescued }: DriveState) => {
    if (rescued === null || rescued.files === 0 || !client.isNotifying) return;
    if (memory.get<number>(toldKey) === rescued.at) return;
    void memory.update(toldKey, rescued.at);
    void tell(rescued);
  };
  return client.onDidChangeState(look);
}

function describe({ cause, folder, files }: RescuedFiles): string {
  if (cause === 'damage') {
    return vscode.l10n.t(
      'The records of Jottacloud on this computer were damaged and are made anew. Files that were not uploaded yet: {0}. They are in {1}.',
      files,
      contractHome(folder),
    );
  }
  return vscode.l10n.t(
    'The Jottacloud drive ended before everything that was written was saved. Files that are incomplete: {0}. What there is of them is in {1}.',
    files,
    contractHome(folder),
  );
}

async function tell(rescued: RescuedFiles): Promise<void> {
  const { folder } = rescued;
  const open = vscode.l10n.t('Open Folder');
  const text = describe(rescued);
  if ((await showWarning(text, open)) !== open) return;
  await vscode.commands.executeCommand('vscode.openFolder', vscode.Uri.file(folder), { forceNewWindow: true });
}
