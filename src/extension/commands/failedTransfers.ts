import os from 'node:os';
import path from 'node:path';
import * as vscode from 'vscode';
import { discardFailed, exportFailed, stopTransfer as stopTransferRequest } from '../../protocol/messages.ts';
import type { TransferState } from '../../protocol/state.ts';
import type { Services } from '../services.ts';
import { inert } from '../ui/inert.ts';
import { showInformation, showWarning } from '../ui/messages.ts';
import { askChoice, back } from '../ui/steps.ts';
import { formatBytes } from '../views/format.ts';

/** The transfer a command was called with: a row of the Transfers view, or the failed one of a row of the Files view. */
export function getTransferArgument({ client }: Services, argument: unknown): TransferState | undefined {
  if (typeof argument !== 'object' || argument === null) return undefined;
  const { transfer, entry } = argument as { transfer?: unknown; entry?: { path?: unknown } };
  if (typeof transfer === 'object' && transfer !== null) return transfer as TransferState;
  return client.state.transfers.find(({ status, path }) => status === 'failed' && path === entry?.path);
}

/** "Stop Transfer": what is on its way to this computer ends; a change waits until it is retried or given up. */
export function stopTransfer(services: Services) {
  return async (argument?: unknown): Promise<void> => {
    const title = vscode.l10n.t('Stop Transfer');
    const stoppable = services.client.state.transfers.filter(({ canStop }) => canStop);
    const row = getTransferArgument(services, argument) ?? (await askTransfer(title, stoppable));
    if (row !== undefined) await services.client.request(stopTransferRequest, { id: row.id });
  };
}

/** "Export a Copy…": saves what could not be sent somewhere else on this computer; the change stays. */
export function exportTransfer(services: Services) {
  return async (argument?: unknown): Promise<vscode.Uri | undefined> => {
    const row =
      getTransferArgument(services, argument) ??
      (await askTransfer(vscode.l10n.t('Export a Copy'), getFailed(services)));
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
    const row =
      getTransferArgument(services, argument) ??
      (await askTransfer(vscode.l10n.t('Discard Change'), getFailed(services)));
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

function getFailed({ client }: Services): readonly TransferState[] {
  return client.state.transfers.filter(({ status }) => status === 'failed');
}

/** The one the person picks; says so when there is none. */
async function askTransfer(title: string, rows: readonly TransferState[]): Promise<TransferState | undefined> {
  if (rows.length === 0) {
    void showInformation(vscode.l10n.t('There is no such transfer.'));
    return undefined;
  }
  const chosen = await askChoice({
    title,
    placeholder: vscode.l10n.t('Which transfer?'),
    items: rows.map((row) => ({
      label: `$(${row.status === 'failed' ? 'error' : 'arrow-swap'}) ${inert(path.posix.basename(row.path))}`,
      description: inert(path.posix.dirname(row.path)),
      value: row,
    })),
  });
  return chosen === back ? undefined : chosen;
}
