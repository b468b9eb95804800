import path from 'node:path';
import * as vscode from 'vscode';
import type { Services } from '../services.ts';
import { contractHome } from '../settings.ts';
import { showWarning } from '../ui/messages.ts';

/**
 * Marks the open files of a volume that is gone, in every window, and tells of a save of one. A volume that was in use when
 * it was unmounted lives on, unseen, for the programs that hold it: watchers of its files hear nothing, and VS Code goes on
 * showing them as if they were there.
 */
export function markUnmountedTabs({ client, report }: Pick<Services, 'client' | 'report'>): vscode.Disposable {
  /** Mount points that this window has seen mounted. */
  const seen = new Set<string>();
  let gone: readonly string[] = [];
  const changed = new vscode.EventEmitter<undefined>();
  const findGone = ({ scheme, fsPath }: vscode.Uri) =>
    scheme === 'file' ? gone.find((mountPoint) => fsPath.startsWith(mountPoint + path.sep)) : undefined;

  const follow = () => {
    const { mounts } = client.state;
    for (const { status, mountPoint } of mounts) if (status === 'mounted') seen.add(mountPoint);
    const kept = new Set(mounts.filter(({ status }) => status !== 'failed').map(({ mountPoint }) => mountPoint));
    const before = gone;
    gone = [...seen].filter((mountPoint) => !kept.has(mountPoint));
    if (gone.join('\n') !== before.join('\n')) changed.fire(undefined);
  };
  const tell = async ({ uri }: vscode.TextDocument) => {
    const mountPoint = findGone(uri);
    if (mountPoint === undefined) return;
    const again = vscode.l10n.t('Mount Again');
    const text = vscode.l10n.t(
      '{0} was saved on this computer only: {1} is not mounted. Mount it again to bring the file into your account.',
      path.basename(uri.fsPath),
      contractHome(mountPoint),
    );
    if ((await showWarning(text, again)) === again) {
      await vscode.commands.executeCommand('jottacloud.mount', { mountPoint });
    }
  };
  return vscode.Disposable.from(
    changed,
    client.onDidChangeState(follow),
    vscode.window.registerFileDecorationProvider({
      onDidChangeFileDecorations: changed.event,
      provideFileDecoration: (uri) => {
        if (findGone(uri) === undefined) return undefined;
        const color = new vscode.ThemeColor('list.errorForeground');
        return new vscode.FileDecoration('!', vscode.l10n.t('not mounted'), color);
      },
    }),
    vscode.workspace.onDidSaveTextDocument((document) => void tell(document).catch(report)),
  );
}
