import * as vscode from 'vscode';
import { retryFailed, setTransfersPaused } from '../../protocol/messages.ts';
import type { Services } from '../services.ts';
import { getTransferArgument } from './failedTransfers.ts';

/** "Pause Transfers": changes are still taken and kept, nothing is sent. */
export function pauseTransfers({ client }: Services) {
  return () => client.request(setTransfersPaused, { paused: true });
}

/** "Resume Transfers". */
export function resumeTransfers({ client }: Services) {
  return () => client.request(setTransfersPaused, { paused: false });
}

/** "Show Transfers". */
export function showTransfers() {
  return async () => {
    await vscode.commands.executeCommand('jottacloud.transfers.focus');
  };
}

/** "Retry Failed Transfers" and "Try Again": all of them, or the one of the row it was called on. */
export function retryTransfers(services: Services) {
  return (argument?: unknown) => {
    const row = getTransferArgument(services, argument);
    return services.client.request(retryFailed, row === undefined ? {} : { id: row.id });
  };
}
