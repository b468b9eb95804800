import path from 'node:path';
import * as vscode from 'vscode';
import { nameKey } from '../../base/nameKey.ts';
import { copy } from '../../protocol/fileMessages.ts';
import { outermost } from '../fileSystem/scheme.ts';
import { moveEntry } from '../moveEntry.ts';
import type { Services } from '../services.ts';
import { withCancel } from '../transfers/cancellable.ts';
import { checkChangeable, chooseFolder, chooseItems, describeItems, findActivePath, tell } from './items.ts';

/** What was cut or copied in this window last. */
let held: { readonly paths: readonly string[]; readonly isCut: boolean } | undefined;

/** "Cut": moved when it is pasted. */
export function cutItems(services: Services) {
  return (argument?: unknown, selection?: unknown) => hold(services, { argument, selection, isCut: true });
}

/** "Copy". */
export function copyItems(services: Services) {
  return (argument?: unknown, selection?: unknown) => hold(services, { argument, selection, isCut: false });
}

async function hold(
  services: Services,
  { argument, selection, isCut }: { argument: unknown; selection: unknown; isCut: boolean },
): Promise<void> {
  const title = isCut ? vscode.l10n.t('Cut') : vscode.l10n.t('Copy');
  const chosen = await chooseItems(services, argument, selection, title);
  if (chosen === undefined) return;
  const paths = outermost(chosen);
  checkChangeable(paths);
  held = { paths, isCut };
  await vscode.commands.executeCommand('setContext', 'jottacloud.canPaste', true);
  tell(
    isCut
      ? vscode.l10n.t('Cut {0}: paste to move', describeItems(paths))
      : vscode.l10n.t('Copied {0}', describeItems(paths)),
  );
}

/** "Paste" into the folder it is called on, or the one that a file is in. Resolves with the paths made. */
export function pasteItems(services: Services) {
  return async (argument?: unknown): Promise<readonly string[] | undefined> => {
    if (held === undefined) return undefined;
    const { paths, isCut } = held;
    const folder = await chooseFolder(services, argument, 'parent', vscode.l10n.t('Paste'));
    if (folder === undefined) return undefined;
    if (!isCut) return copyInto(services, paths, () => folder);
    const made: string[] = [];
    for (const from of paths) {
      const to = path.posix.join(folder, path.posix.basename(from));
      if (nameKey(from) !== nameKey(to)) await moveEntry(services.client, from, to);
      made.push(to);
    }
    held = undefined;
    await vscode.commands.executeCommand('setContext', 'jottacloud.canPaste', false);
    return made;
  };
}

/** "Duplicate": a copy beside each. Resolves with the paths made. */
export function duplicateItems(services: Services) {
  return async (argument?: unknown, selection?: unknown): Promise<readonly string[] | undefined> => {
    const given = argument ?? findActivePath(services);
    const chosen = await chooseItems(services, given, selection, vscode.l10n.t('Duplicate'));
    if (chosen === undefined) return undefined;
    const paths = outermost(chosen);
    checkChangeable(paths);
    return copyInto(services, paths, path.posix.dirname);
  };
}

/** A name that is taken is numbered. What the server has is not transferred again. */
function copyInto(
  { client }: Services,
  paths: readonly string[],
  getFolder: (accountPath: string) => string,
): Promise<string[]> {
  return withCancel(vscode.l10n.t('Copying {0}', describeItems(paths)), async (token) => {
    const made: string[] = [];
    for (const from of paths) {
      const to = path.posix.join(getFolder(from), path.posix.basename(from));
      made.push(await client.request(copy, { from, to, collision: 'keepBoth' }, token));
    }
    return made;
  });
}
