import path from 'node:path';
import * as vscode from 'vscode';
import { nameKey } from '../../base/nameKey.ts';
import { lookup } from '../../protocol/fileMessages.ts';
import type { DriveClient } from '../drive/client.ts';
import { withLocalFile } from '../fileSystem/content.ts';
import { findAccountPath, outermost } from '../fileSystem/scheme.ts';
import { moveEntry } from '../moveEntry.ts';
import { getOpenUri } from '../openUri.ts';
import type { Reporter } from '../report.ts';
import { uploadAsking } from '../transfers/upload.ts';
import { showWarning } from '../ui/messages.ts';
import type { FileNode } from './filesTree.ts';

/** MIME type under which rows of this view are dragged. */
const ownType = 'application/vnd.code.tree.jottacloud.files';
const uriType = 'text/uri-list';

/** Rows dropped on a folder move there; files and folders of this computer are uploaded into it. */
export class FilesDragAndDrop implements vscode.TreeDragAndDropController<FileNode> {
  readonly dropMimeTypes = [ownType, uriType, 'files'];
  readonly dragMimeTypes = [uriType];
  readonly #client: DriveClient;
  readonly #report: Reporter;

  constructor(client: DriveClient, report: Reporter) {
    this.#client = client;
    this.#report = report;
  }

  /** Dropped on an editor, rows open; dropped on this view, they move. */
  handleDrag(nodes: readonly FileNode[], data: vscode.DataTransfer): void {
    const paths = nodes.flatMap((node) => (node.kind === 'entry' ? [node.entry.path] : []));
    if (paths.length === 0) return;
    data.set(ownType, new vscode.DataTransferItem(paths));
    const uris = paths.map((accountPath) => getOpenUri(this.#client.state, accountPath).toString());
    data.set(uriType, new vscode.DataTransferItem(uris.join('\r\n')));
  }

  /** Never rejects: VS Code would tell nobody. */
  async handleDrop(target: FileNode | undefined, data: vscode.DataTransfer): Promise<void> {
    if (target?.kind === 'trash') return this.#dropOnTrash(data);
    const folder = getFolder(target);
    if (folder === undefined) return;
    try {
      await this.#drop(data, folder);
    } catch (error) {
      this.#report(error);
    }
  }

  /** Asked about as Delete asks. */
  async #dropOnTrash(data: vscode.DataTransfer): Promise<void> {
    const paths = getOwnPaths(data);
    if (paths.length > 0) await vscode.commands.executeCommand('jottacloud.delete', paths[0], paths);
  }

  async #drop(data: vscode.DataTransfer, folder: string): Promise<void> {
    const own = getOwnPaths(data);
    if (own.length > 0) return this.#move(own, folder);
    const uris = parseUris((await data.get(uriType)?.asString()) ?? '');
    const local = uris.filter(({ scheme }) => scheme === 'file').map(({ fsPath }) => fsPath);
    if (local.length > 0) {
      await uploadAsking(this.#client, local, folder);
      return;
    }
    const virtual = uris.flatMap((uri) => findAccountPath(this.#client.state, uri) ?? []);
    if (virtual.length > 0) return this.#move(virtual, folder);
    await this.#uploadBytes(data, folder);
  }

  /** Rows that are there already, and rows that go along with a folder above them, stay where they are. */
  async #move(paths: readonly string[], folder: string): Promise<void> {
    const moving = outermost(paths).filter((from) => nameKey(path.posix.dirname(from)) !== nameKey(folder));
    if (!(await this.#confirmMove(moving, folder))) return;
    for (const from of moving) {
      const to = path.posix.join(folder, path.posix.basename(from));
      await moveEntry(this.#client, from, to);
    }
  }

  /** A folder that slips from the mouse takes long to be found again. */
  async #confirmMove(paths: readonly string[], folder: string): Promise<boolean> {
    const entries = await this.#client.request(lookup, { paths });
    const [first] = entries.filter((entry) => entry !== null && entry.kind !== 'file');
    if (!first) return true;
    const move = vscode.l10n.t('Move');
    const text =
      paths.length === 1
        ? vscode.l10n.t('Move the folder {0} to {1}?', first.name, path.posix.basename(folder))
        : vscode.l10n.t('Move {0} items to {1}?', paths.length, path.posix.basename(folder));
    return (await showWarning(text, { modal: true }, move)) === move;
  }

  /** In a browser a dropped file is bytes without a path. */
  async #uploadBytes(data: vscode.DataTransfer, folder: string): Promise<void> {
    for (const [, item] of data) {
      const file = item.asFile();
      if (file === undefined) continue;
      if (file.uri?.scheme === 'file') await uploadAsking(this.#client, [file.uri.fsPath], folder);
      else {
        const name = path.posix.basename(file.name);
        await withLocalFile(await file.data(), name, (local) => uploadAsking(this.#client, [local], folder));
      }
    }
  }
}

/** Paths of the rows of this view that were dragged. */
function getOwnPaths(data: vscode.DataTransfer): string[] {
  const own: unknown = data.get(ownType)?.value;
  return Array.isArray(own) ? own.filter((item) => typeof item === 'string') : [];
}

/** The folder of a row: itself, or the one a file is in. */
function getFolder(node: FileNode | undefined): string | undefined {
  if (node?.kind !== 'entry') return undefined;
  return node.entry.kind === 'file' ? path.posix.dirname(node.entry.path) : node.entry.path;
}

function parseUris(text: string): vscode.Uri[] {
  const lines = text.split(/\r?\n/).filter((line) => line !== '' && !line.startsWith('#'));
  return lines.map((line) => vscode.Uri.parse(line));
}
