import * as vscode from 'vscode';
import type { Services } from '../services.ts';
import { chooseItem, findActivePath } from './items.ts';

/** "Show Details": versions, sharing and transfers of an item, in their view. */
export function showDetails(services: Services) {
  return async (argument?: unknown): Promise<void> => {
    const title = vscode.l10n.t('Show Details');
    const path = await chooseItem(services, argument ?? findActivePath(services), 'any', title);
    if (path !== undefined) await services.details.reveal(path);
  };
}
