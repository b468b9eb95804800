import * as vscode from 'vscode';
import { FolderEvents } from './folderEvents.ts';
import { type FileSystemDeps, JottacloudFileSystem } from './provider.ts';
import { scheme, versionScheme } from './scheme.ts';
import { VersionFileSystem } from './versions.ts';

export function registerFileSystems(deps: Omit<FileSystemDeps, 'events'>): vscode.Disposable {
  const { client } = deps;
  const events = new FolderEvents(client);
  const files = new JottacloudFileSystem({ ...deps, events });
  const { registerFileSystemProvider } = vscode.workspace;
  return vscode.Disposable.from(
    events,
    registerFileSystemProvider(scheme, files, { isCaseSensitive: false }),
    registerFileSystemProvider(versionScheme, new VersionFileSystem(client), {
      isCaseSensitive: false,
      isReadonly: true,
    }),
  );
}
