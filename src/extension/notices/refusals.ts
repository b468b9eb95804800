import * as vscode from 'vscode';
import type { DriveErrorCode } from '../../protocol/errors.ts';
import type { TransferState } from '../../protocol/state.ts';
import { getErrorSentence } from '../errorTexts.ts';
import type { Services } from '../services.ts';
import { showWarning } from '../ui/messages.ts';

/** Refusals come in bursts, one for each file of a folder; they become one message. */
const settleMs = 1_000;

/** What the server refuses until the person does something. All of the account: one reason for every change. */
const ofTheAccount: readonly DriveErrorCode[] = ['quota', 'writeLocked'];
const ofOneChange: readonly DriveErrorCode[] = ['forbidden', 'invalidName', 'unreachableName'];

/**
 * Tells once per cause that changes were refused. What was refused before this window came is shown by the status bar
 * alone; a change counts as known until it is gone, since what is tried again is refused again.
 */
export function watchRefusals({ client }: Services): vscode.Disposable {
  let known: ReadonlySet<string> | undefined;
  let timer: NodeJS.Timeout | undefined;
  const look = () => {
    timer = undefined;
    const { transfers } = client.state;
    const refused = transfers.filter(({ status, reason }) => status === 'failed' && isRefusal(reason));
    const before = known;
    const there = new Set(transfers.map(({ id }) => id));
    const told = [...(before ?? [])].filter((id) => there.has(id));
    known = new Set([...told, ...refused.map(({ id }) => id)]);
    if (before === undefined || !client.isNotifying) return;
    const fresh = refused.filter(({ id }) => !before.has(id));
    for (const code of [...ofTheAccount, ...ofOneChange]) {
      const rows = fresh.filter(({ reason }) => reason === code);
      const isOld = ofTheAccount.includes(code) && refused.some(({ id, reason }) => reason === code && before.has(id));
      if (rows.length > 0 && !isOld) void tell(code, rows);
    }
  };
  return vscode.Disposable.from(
    client.onDidAttach(() => {
      known = undefined;
      look();
    }),
    client.onDidChangeState(() => {
      timer ??= setTimeout(look, settleMs);
    }),
    { dispose: () => clearTimeout(timer) },
  );
}

function isRefusal(reason: string | undefined): boolean {
  return [...ofTheAccount, ...ofOneChange].some((code) => code === reason);
}

async function tell(code: DriveErrorCode, rows: readonly TransferState[]): Promise<void> {
  const [first] = rows;
  const many = rows.length > 1 && ofOneChange.includes(code);
  const sentence = getErrorSentence(code, first === undefined ? {} : { path: first.path, name: first.path });
  const text = many
    ? vscode.l10n.t(
        'Jottacloud refused {0} changes; they are kept on this computer. The first: {1}',
        rows.length,
        sentence,
      )
    : sentence;
  const show = vscode.l10n.t('Show Transfers');
  const chosen = await showWarning(text, show);
  if (chosen === show) await vscode.commands.executeCommand('jottacloud.showTransfers');
}
