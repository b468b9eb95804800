import path from 'node:path';
import * as vscode from 'vscode';
import { type SearchResult, search } from '../../protocol/fileMessages.ts';
import type { DriveClient } from '../drive/client.ts';
import { toDriveError } from '../errors.ts';
import { getErrorSentence } from '../errorTexts.ts';
import { scheme, toAccountPath } from '../fileSystem/scheme.ts';
import type { Services } from '../services.ts';
import { inert } from '../ui/inert.ts';
import { signInIfNeeded } from './connect.ts';
import { getItemArgument } from './items.ts';

/** What is known is searched this long after the last key, the server after the longer one. ms. */
const knownAfterMs = 120;
const serverAfterMs = 500;
const limit = 200;

interface Hit extends vscode.QuickPickItem {
  /** undefined: the row that says that there is none. */
  readonly hit: SearchResult['hits'][number] | undefined;
}

/** "Search Files by Name…": as one types, first what is known here, then all of the account. */
export function searchFiles(services: Services) {
  return async (argument?: unknown): Promise<string | undefined> => {
    if (!(await signInIfNeeded(services))) return undefined;
    const folder = getItemArgument(services, argument) ?? findShownFolder() ?? '/';
    const hit = await pick(services.client, folder);
    if (hit === undefined) return undefined;
    const command = hit.kind === 'file' ? 'jottacloud.open' : 'jottacloud.revealInFiles';
    await vscode.commands.executeCommand(command, hit.path);
    return hit.path;
  };
}

/** The folder of the account that this window shows, when it shows one and not by a mount. */
function findShownFolder(): string | undefined {
  const [first, ...others] = vscode.workspace.workspaceFolders ?? [];
  return first?.uri.scheme === scheme && others.length === 0 ? toAccountPath(first.uri) : undefined;
}

function pick(client: DriveClient, folder: string): Promise<SearchResult['hits'][number] | undefined> {
  const box = vscode.window.createQuickPick<Hit>();
  box.title = vscode.l10n.t('Search Files by Name');
  const inAll = vscode.l10n.t('Words of a name; * stands for anything');
  const inFolder = vscode.l10n.t('Words of a name in {0}; * stands for anything', folder);
  box.placeholder = inert(folder === '/' ? inAll : inFolder);
  let stop = new vscode.CancellationTokenSource();
  let timers: NodeJS.Timeout[] = [];

  const ask = async (text: string, deep: boolean) => {
    const { token } = stop;
    try {
      const result = await client.request(search, { folder, text, limit, deep }, token);
      if (token.isCancellationRequested) return;
      box.items = deep && result.hits.length === 0 ? [toNoHit(text)] : result.hits.map(toItem);
    } catch (error) {
      if (token.isCancellationRequested) return;
      const { code, args } = toDriveError(error);
      box.title = inert(getErrorSentence(code, args));
    }
    if (deep) box.busy = false;
  };
  const restart = (text: string) => {
    stop.cancel();
    stop = new vscode.CancellationTokenSource();
    for (const timer of timers) clearTimeout(timer);
    timers = [];
    box.busy = text !== '';
    if (text === '') box.items = [];
    else {
      timers.push(setTimeout(() => void ask(text, false), knownAfterMs));
      timers.push(setTimeout(() => void ask(text, true), serverAfterMs));
    }
  };
  return new Promise((resolve) => {
    const finish = (hit: SearchResult['hits'][number] | undefined) => {
      restart('');
      resolve(hit);
      box.dispose();
    };
    box.onDidChangeValue((text) => {
      // Where this has the key of VS Code's own box, that box is one sign away.
      if (text.startsWith('>')) void vscode.commands.executeCommand('workbench.action.quickOpen', text);
      else restart(text.trim());
    });
    box.onDidAccept(() => box.selectedItems[0]?.hit !== undefined && finish(box.selectedItems[0].hit));
    box.onDidHide(() => finish(undefined));
    box.show();
  });
}

function toNoHit(text: string): Hit {
  return {
    label: inert(vscode.l10n.t('No file or folder has “{0}” in its name', text)),
    alwaysShow: true,
    hit: undefined,
  };
}

/** The drive has matched already: VS Code is not to filter again. */
function toItem(hit: SearchResult['hits'][number]): Hit {
  return {
    label: `$(${hit.kind === 'folder' ? 'folder' : 'file'}) ${inert(path.posix.basename(hit.path))}`,
    description: inert(path.posix.dirname(hit.path)),
    alwaysShow: true,
    hit,
  };
}
