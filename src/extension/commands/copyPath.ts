import * as vscode from 'vscode';
import { getMountedPath } from '../mountedPath.ts';
import type { Services } from '../services.ts';
import { inert } from '../ui/inert.ts';
import { choosePath, getMountPointArgument } from './targets.ts';

/** "Copy Path": the path on this computer while mounted, else the one in the account. */
export function copyPath(services: Services) {
  return async (argument?: unknown): Promise<void> => {
    const mountPoint = typeof argument === 'object' ? getMountPointArgument(argument) : undefined;
    const path = mountPoint ?? (await choosePath(services, argument, 'any', vscode.l10n.t('Copy the path of')));
    if (path === undefined) return;
    const text = mountPoint ?? getMountedPath(services.client.state, path) ?? path;
    await vscode.env.clipboard.writeText(text);
    vscode.window.setStatusBarMessage(inert(vscode.l10n.t('Copied {0}', text)), 3_000);
  };
}
