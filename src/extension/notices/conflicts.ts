import path from 'node:path';
import * as vscode from 'vscode';
import type { ConflictNotice } from '../../protocol/state.ts';
import { getOpenUri } from '../openUri.ts';
import type { Services } from '../services.ts';
import { inert } from '../ui/inert.ts';
import { showWarning } from '../ui/messages.ts';
import { askChoice, back } from '../ui/steps.ts';

/** Conflicts of one poll come together; they become one message. */
const settleMs = 1_000;

/** Tells what was changed on two sides, once for all of it, and shows both versions side by side when asked. */
export function watchConflicts({ client }: Services): vscode.Disposable {
  let waiting: ConflictNotice[] = [];
  let timer: NodeJS.Timeout | undefined;
  const tell = async () => {
    const notices = waiting;
    waiting = [];
    const compare = vscode.l10n.t('Compare');
    if (!client.isNotifying) return;
    if ((await showWarning(describe(notices), compare)) !== compare) return;
    const chosen = notices.length === 1 ? notices[0] : await chooseConflict(notices);
    if (chosen !== undefined) await showBoth(client.state, chosen);
  };
  const listener = client.onDidMakeConflict((notice) => {
    waiting.push(notice);
    clearTimeout(timer);
    timer = setTimeout(() => void tell(), settleMs);
  });
  return vscode.Disposable.from(listener, { dispose: () => clearTimeout(timer) });
}

function describe(notices: readonly ConflictNotice[]): string {
  const [first] = notices;
  if (first === undefined || notices.length > 1) {
    return vscode.l10n.t(
      '{0} files were changed on two sides. Your versions are kept beside the others as conflicted copies.',
      notices.length,
    );
  }
  return vscode.l10n.t(
    '{0} was changed here and elsewhere. Your version is kept as {1}.',
    path.posix.basename(first.path),
    path.posix.basename(first.copyPath),
  );
}

async function chooseConflict(notices: readonly ConflictNotice[]): Promise<ConflictNotice | undefined> {
  const chosen = await askChoice({
    title: vscode.l10n.t('Compare'),
    placeholder: vscode.l10n.t('Which file?'),
    items: notices.map((notice) => ({
      label: `$(warning) ${inert(path.posix.basename(notice.path))}`,
      description: inert(path.posix.dirname(notice.path)),
      value: notice,
    })),
  });
  return chosen === back ? undefined : chosen;
}

async function showBoth(state: Services['client']['state'], notice: ConflictNotice): Promise<void> {
  const [theirs, ours] = [getOpenUri(state, notice.path), getOpenUri(state, notice.copyPath)];
  const title = vscode.l10n.t('{0}: elsewhere ↔ here', path.posix.basename(notice.path));
  await vscode.commands.executeCommand('vscode.diff', theirs, ours, title);
}
