import path from 'node:path';
import * as vscode from 'vscode';
import { DriveError } from '../../protocol/errors.ts';
import { copy, createFolder, deleteEntry, readFile, rename, stat } from '../../protocol/fileMessages.ts';
import { list } from '../../protocol/messages.ts';
import type { EntryInfo } from '../../protocol/state.ts';
import type { DriveClient } from '../drive/client.ts';
import type { WatchSet } from '../drive/watchSet.ts';
import { toDriveError } from '../errors.ts';
import { readWhole, writeWhole } from './content.ts';
import { toFileSystemError } from './errors.ts';
import type { FolderEvents } from './folderEvents.ts';
import { toAccountPath } from './scheme.ts';

export interface FileSystemDeps {
  readonly client: DriveClient;
  readonly events: FolderEvents;
  readonly watchSet: WatchSet;
  /** Without a session nothing is asked, and no drive is started. */
  readonly hasSession: () => Promise<boolean>;
  /** A file could not be read. */
  readonly onFailedRead: (uri: vscode.Uri, error: DriveError) => void;
}

/** Folders below a watched one that are kept fresh: the ones looked at last. */
const maxWatched = 200;

/**
 * `jottacloud:` on the same drive process as the mounts: works without FUSE. Changes are on this computer when a promise
 * resolves, and travel to the server afterwards; deleting is moving to the trash of the account.
 */
export class JottacloudFileSystem implements vscode.FileSystemProvider {
  readonly #deps: FileSystemDeps;
  readonly #watched = new Map<symbol, { readonly folder: string; readonly recursive: boolean }>();

  readonly onDidChangeFile: vscode.Event<vscode.FileChangeEvent[]>;

  constructor(deps: FileSystemDeps) {
    this.#deps = deps;
    this.onDidChangeFile = deps.events.onDidChangeFile;
  }

  stat(uri: vscode.Uri): Promise<vscode.FileStat> {
    return this.#run(uri, async (client, accountPath) => {
      const entry = await client.request(stat, { path: accountPath });
      this.#deps.events.noteEntry(entry);
      return toFileStat(entry);
    });
  }

  readDirectory(uri: vscode.Uri): Promise<[string, vscode.FileType][]> {
    return this.#run(uri, async (client, accountPath) => {
      const entries = await client.request(list, { path: accountPath, refresh: false });
      this.#deps.events.noteFolder(accountPath, entries);
      this.#updateWatched();
      return entries.map((entry) => [entry.name, toFileType(entry)]);
    });
  }

  createDirectory(uri: vscode.Uri): Promise<void> {
    return this.#run(uri, (client, accountPath) => client.request(createFolder, { path: accountPath }));
  }

  readFile(uri: vscode.Uri): Promise<Uint8Array> {
    return this.#run(uri, async (client, accountPath) => {
      try {
        return await readWhole(accountPath, (offset, length) =>
          client.request(readFile, { path: accountPath, offset, length }),
        );
      } catch (error) {
        this.#deps.onFailedRead(uri, toDriveError(error));
        throw error;
      }
    });
  }

  writeFile(uri: vscode.Uri, content: Uint8Array, options: { create: boolean; overwrite: boolean }): Promise<void> {
    const { create, overwrite } = options;
    return this.#run(uri, (client, accountPath) =>
      writeWhole(client, { path: accountPath, create, overwrite }, content),
    );
  }

  delete(uri: vscode.Uri, { recursive }: { recursive: boolean }): Promise<void> {
    return this.#run(uri, (client, accountPath) => client.request(deleteEntry, { path: accountPath, recursive }));
  }

  rename(from: vscode.Uri, to: vscode.Uri, { overwrite }: { overwrite: boolean }): Promise<void> {
    return this.#run(from, (client, accountPath) =>
      client.request(rename, { from: accountPath, to: toAccountPath(to), overwrite }),
    );
  }

  copy(from: vscode.Uri, to: vscode.Uri, { overwrite }: { overwrite: boolean }): Promise<void> {
    return this.#run(to, async (client, accountPath) => {
      const collision = overwrite ? 'replace' : 'fail';
      await client.request(copy, { from: toAccountPath(from), to: accountPath, collision });
    });
  }

  /** Changes made elsewhere are looked for while somebody watches. */
  watch(uri: vscode.Uri, { recursive }: { recursive: boolean }): vscode.Disposable {
    const key = Symbol(uri.path);
    this.#watched.set(key, { folder: toAccountPath(uri), recursive });
    this.#updateWatched();
    return new vscode.Disposable(() => {
      this.#watched.delete(key);
      this.#updateWatched();
    });
  }

  #updateWatched(): void {
    const paths = new Set<string>();
    const seen = this.#deps.events.getFolders();
    for (const { folder, recursive } of this.#watched.values()) {
      // A watched file is told of by the folder it is in.
      paths.add(folder);
      paths.add(path.posix.dirname(folder));
      const below = folder === '/' ? '/' : `${folder}/`;
      if (recursive) for (const inner of seen) if (inner.startsWith(below)) paths.add(inner);
    }
    this.#deps.watchSet.set('fileSystem', [...paths].slice(0, maxWatched));
  }

  async #run<T>(uri: vscode.Uri, work: (client: DriveClient, accountPath: string) => Promise<T>): Promise<T> {
    try {
      if (!(await this.#deps.hasSession())) throw new DriveError('signedOut');
      return await work(this.#deps.client, toAccountPath(uri));
    } catch (error) {
      throw toFileSystemError(error, uri);
    }
  }
}

export function toFileStat(entry: EntryInfo): vscode.FileStat {
  const { modifiedMs, size, readOnly } = entry;
  return {
    type: toFileType(entry),
    ctime: modifiedMs,
    mtime: modifiedMs,
    size,
    ...(readOnly ? { permissions: vscode.FilePermission.Readonly } : {}),
  };
}

function toFileType({ kind, link }: EntryInfo): vscode.FileType {
  if (kind !== 'file') return vscode.FileType.Directory;
  return link ? vscode.FileType.File | vscode.FileType.SymbolicLink : vscode.FileType.File;
}
