import * as vscode from 'vscode';
import { createPublicLink, getPublicLink, getWebUrl, removePublicLink } from '../../protocol/fileMessages.ts';
import type { Services } from '../services.ts';
import { showWarning } from '../ui/messages.ts';
import { chooseItem, describeItems, findActivePath, tell } from './items.ts';

/** "Copy Public Link": makes one after asking, or takes the one there is. Resolves with it. */
export function copyPublicLink(services: Services) {
  return async (argument?: unknown): Promise<string | undefined> => {
    const path = await chooseItem(
      services,
      argument ?? findActivePath(services),
      'any',
      vscode.l10n.t('Copy Public Link'),
    );
    if (path === undefined) return undefined;
    const { client } = services;
    const known = await client.request(getPublicLink, { path });
    if (known === null && !(await confirmSharing(path))) return undefined;
    const link = known ?? (await client.request(createPublicLink, { path }));
    services.publicItems.note(path, true);
    await vscode.env.clipboard.writeText(link);
    tell(vscode.l10n.t('Copied the public link of {0}', describeItems([path])));
    return link;
  };
}

/** "Remove Public Link", after asking. True when there was one and it is gone. */
export function endPublicLink(services: Services) {
  return async (argument?: unknown): Promise<boolean> => {
    const given = argument ?? findActivePath(services);
    const path = await chooseItem(services, given, 'any', vscode.l10n.t('Remove Public Link'));
    if (path === undefined) return false;
    const { client, publicItems } = services;
    if ((await client.request(getPublicLink, { path })) === null) {
      publicItems.note(path, false);
      tell(vscode.l10n.t('{0} has no public link', describeItems([path])));
      return false;
    }
    if (!(await confirmEnding(path))) return false;
    await client.request(removePublicLink, { path });
    publicItems.note(path, false);
    tell(vscode.l10n.t('Removed the public link of {0}', describeItems([path])));
    return true;
  };
}

/** "Open on the Web". Resolves with the address. */
export function openOnTheWeb(services: Services) {
  return async (argument?: unknown): Promise<string | undefined> => {
    const path = await chooseItem(
      services,
      argument ?? findActivePath(services),
      'any',
      vscode.l10n.t('Open on the Web'),
    );
    if (path === undefined) return undefined;
    const url = await services.client.request(getWebUrl, { path });
    await vscode.env.openExternal(vscode.Uri.parse(url, true));
    return url;
  };
}

async function confirmSharing(path: string): Promise<boolean> {
  const create = vscode.l10n.t('Create Link');
  const text = vscode.l10n.t('Make {0} public?', describeItems([path]));
  const detail = vscode.l10n.t('Everybody who has the link can see and download it, until you remove the link.');
  return (await showWarning(text, { modal: true, detail }, create)) === create;
}

async function confirmEnding(path: string): Promise<boolean> {
  const remove = vscode.l10n.t('Remove Link');
  const text = vscode.l10n.t('Remove the public link of {0}?', describeItems([path]));
  const detail = vscode.l10n.t('Whoever has the link can no longer open it.');
  return (await showWarning(text, { modal: true, detail }, remove)) === remove;
}
