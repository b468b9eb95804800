import path from 'node:path';
import * as vscode from 'vscode';
import type { ConflictNotice } from '../../protocol/state.ts';
import type { CommandId } from '../commands/ids.ts';
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
    if (!client.isNotifying) return;
    const [first] = notices;
    const chosen = notices.length === 1 && first ? await askOne(first) : await askMany(notices);
    if (chosen !== undefined) await vscode.commands.executeCommand(chosen.command, chosen.notice.copyPath);
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

interface Choice {
  readonly notice: ConflictNotice;
  readonly command: CommandId;
}

/** What can be done about a conflict, in the words of the buttons. */
function getChoices(notice: ConflictNotice): (Choice & { readonly title: string })[] {
  return [
    { notice, title: vscode.l10n.t('Compare'), command: 'jottacloud.compareConflict' },
    { notice, title: vscode.l10n.t('Keep Mine'), command: 'jottacloud.keepMine' },
    { notice, title: vscode.l10n.t('Keep Theirs'), command: 'jottacloud.keepTheirs' },
  ];
}

async function askOne(notice: ConflictNotice): Promise<Choice | undefined> {
  const choices = getChoices(notice);
  const pressed = await showWarning(describe([notice]), ...choices.map(({ title }) => title));
  return choices.find(({ title }) => title === pressed);
}

async function askMany(notices: readonly ConflictNotice[]): Promise<Choice | undefined> {
  const show = vscode.l10n.t('Show…');
  if ((await showWarning(describe(notices), show)) !== show) return undefined;
  const title = vscode.l10n.t('Changed on Two Sides');
  const items = notices.map((notice) => ({
    label: `$(warning) ${inert(path.posix.basename(notice.path))}`,
    description: inert(path.posix.dirname(notice.path)),
    value: notice,
  }));
  const notice = await askChoice({ title, placeholder: vscode.l10n.t('Which file?'), items });
  if (notice === undefined || notice === back) return undefined;
  const acts = getChoices(notice).map((choice) => ({ label: choice.title, value: choice }));
  const chosen = await askChoice<Choice>({ title, placeholder: path.posix.basename(notice.path), items: acts });
  return chosen === back ? undefined : chosen;
}
