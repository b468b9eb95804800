import path from 'node:path';
import * as vscode from 'vscode';
import { deleteEntry, lookup } from '../../protocol/fileMessages.ts';
import { findAccountPath } from '../fileSystem/scheme.ts';
import type { Services } from '../services.ts';
import { showInformation } from '../ui/messages.ts';

/**
 * A file that was deleted while an editor had it open is made again by saving it, which VS Code does silently: this
 * tells it, and can take it back.
 */
export function watchSavesOfDeleted({ client, report }: Services): vscode.Disposable {
  /** Files of the account that were there when they were opened or saved last. */
  const known = new Set<string>();
  const deleted = new Set<string>();
  const isThere = async (accountPath: string) => (await client.request(lookup, { paths: [accountPath] }))[0] !== null;
  const find = ({ uri }: vscode.TextDocument) => (client.attached ? findAccountPath(client.state, uri) : undefined);

  const noteOpened = async (document: vscode.TextDocument) => {
    const accountPath = find(document);
    if (accountPath !== undefined && (await isThere(accountPath))) known.add(document.uri.toString());
  };
  const noteSaving = async (document: vscode.TextDocument) => {
    const accountPath = find(document);
    const key = document.uri.toString();
    if (accountPath !== undefined && known.has(key) && !(await isThere(accountPath))) deleted.add(key);
  };
  const tell = async (document: vscode.TextDocument) => {
    const accountPath = find(document);
    if (accountPath === undefined) return;
    known.add(document.uri.toString());
    if (!deleted.delete(document.uri.toString())) return;
    const again = vscode.l10n.t('Delete Again');
    const text = vscode.l10n.t(
      '{0} had been deleted or moved elsewhere. Saving it has made it again.',
      path.posix.basename(accountPath),
    );
    if ((await showInformation(text, again)) !== again) return;
    await client.request(deleteEntry, { path: accountPath, recursive: false });
  };
  return vscode.Disposable.from(
    vscode.workspace.onDidOpenTextDocument((document) => void noteOpened(document).catch(() => undefined)),
    vscode.workspace.onDidCloseTextDocument(({ uri }) => void known.delete(uri.toString())),
    // The save waits for it: afterwards the file is there again.
    vscode.workspace.onWillSaveTextDocument(({ document, waitUntil }) =>
      waitUntil(noteSaving(document).catch(() => [])),
    ),
    vscode.workspace.onDidSaveTextDocument((document) => void tell(document).catch(report)),
  );
}
