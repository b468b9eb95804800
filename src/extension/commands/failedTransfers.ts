import os from 'node:os';
import path from 'node:path';
import * as vscode from 'vscode';
import { discardFailed, exportFailed } from '../../protocol/messages.ts';
import type { TransferState } from '../../protocol/state.ts';
import type { Services } from '../services.ts';
import { inert } from '../ui/inert.ts';
import { showInformation, showWarning } from '../ui/messages.ts';
import { askChoice, back } from '../ui/steps.ts';
import { formatBytes } from '../views/format.ts';

/** The transfer a command was called with: a row of the Transfers view. */
export function getTransferArgument(argument: unknown): TransferState | undefined {
  if (typeof argument !== 'object' || argument === null) return undefined;
  const { transfer } = argument as { transfer?: unknown };
  return typeof transfer === 'object' && transfer !== null ? (transfer as TransferState) : undefined;
}

/** "Export a Copy…": saves what could not be sent somewhere else on this computer; the change stays. */
export function exportTransfer(services: Services) {
  return async (argument?: unknown): Promise<vscode.Uri | undefined> => {
    const row = getTransferArgument(argument) ?? (await askFailed(services, vscode.l10n.t('Export a Copy')));
    if (row === undefined) return undefined;
    const target = await vscode.window.showSaveDialog({
      defaultUri: vscode.Uri.file(path.join(os.homedir(), path.posix.basename(row.path))),
      saveLabel: vscode.l10n.t('Export'),
    });
    if (target === undefined) return undefined;
    const { missing } = await services.client.request(exportFailed, { id: row.id, to: target.fsPath });
    if (missing > 0) {
      void showWarning(
        vscode.l10n.t(
          'The copy of {0} lacks {1} that were not changed here and are no longer in your Jottacloud account. Zeros stand in their place.',
          path.posix.basename(row.path),
          formatBytes(missing),
        ),
      );
    }
    return target;
  };
}

/** "Discard Change…": gives a change up that the server refuses. Asks first: what was only here is gone then. */
export function discardTransfer(services: Services) {
  return async (argument?: unknown): Promise<boolean> => {
    const row = getTransferArgument(argument) ?? (await askFailed(services, vscode.l10n.t('Discard Change')));
    if (row === undefined) return false;
    const discard = vscode.l10n.t('Discard');
    const chosen = await showWarning(
      vscode.l10n.t('Discard your change to {0}?', path.posix.basename(row.path)),
      {
        modal: true,
        detail: vscode.l10n.t(
          'What Jottacloud has stays as it is. What is only on this computer is lost; export a copy first to keep it.',
        ),
      },
      discard,
    );
    if (chosen !== discard) return false;
    await services.client.request(discardFailed, { id: row.id });
    return true;
  };
}

/** The only failed one, or the one the person picks; says so when there is none. */
async function askFailed({ client }: Services, title: string): Promise<TransferState | undefined> {
  const failed = client.state.transfers.filter(({ status }) => status === 'failed');
  if (failed.length === 0) {
    void showInformation(vscode.l10n.t('No transfer has failed.'));
    return undefined;
  }
  const chosen = await askChoice({
    title,
    placeholder: vscode.l10n.t('Which change?'),
    items: failed.map((row) => ({
      label: `$(error) ${inert(path.posix.basename(row.path))}`,
      description: inert(path.posix.dirname(row.path)),
      value: row,
    })),
  });
  return chosen === back ? undefined : chosen;
}
