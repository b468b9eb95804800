import * as vscode from 'vscode';
import { DriveError } from '../../protocol/errors.ts';
import { listRevisions, readRevision } from '../../protocol/fileMessages.ts';
import type { DriveClient } from '../drive/client.ts';
import { readWhole } from './content.ts';
import { toFileSystemError } from './errors.ts';
import { parseVersionUri } from './scheme.ts';

/** Old versions of files, for the diff editor: they never change and cannot be changed. */
export class VersionFileSystem implements vscode.FileSystemProvider {
  readonly #client: DriveClient;
  readonly #emitter = new vscode.EventEmitter<vscode.FileChangeEvent[]>();

  readonly onDidChangeFile = this.#emitter.event;

  constructor(client: DriveClient) {
    this.#client = client;
  }

  async stat(uri: vscode.Uri): Promise<vscode.FileStat> {
    const { path, revision } = parse(uri);
    const found = await this.#run(uri, async () => {
      const revisions = await this.#client.request(listRevisions, { path });
      return revisions.find((candidate) => candidate.revision === revision);
    });
    if (found === undefined) throw vscode.FileSystemError.FileNotFound(uri);
    const { modifiedMs, size } = found;
    const permissions = vscode.FilePermission.Readonly;
    return { type: vscode.FileType.File, ctime: modifiedMs, mtime: modifiedMs, size, permissions };
  }

  readFile(uri: vscode.Uri): Promise<Uint8Array> {
    const { path, revision } = parse(uri);
    return this.#run(uri, () =>
      readWhole(path, (offset, length) => this.#client.request(readRevision, { path, revision, offset, length })),
    );
  }

  readDirectory(uri: vscode.Uri): never {
    throw vscode.FileSystemError.FileNotADirectory(uri);
  }

  createDirectory(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  writeFile(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  delete(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  rename(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  watch(): vscode.Disposable {
    return new vscode.Disposable(() => {});
  }

  async #run<T>(uri: vscode.Uri, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw toFileSystemError(error, uri);
    }
  }
}

function parse(uri: vscode.Uri): { path: string; revision: number } {
  const parsed = parseVersionUri(uri);
  if (parsed === undefined) throw toFileSystemError(new DriveError('notFound', { path: uri.path }), uri);
  return parsed;
}
