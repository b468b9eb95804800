import * as vscode from 'vscode';
import type { DriveClient } from '../drive/client.ts';
import type { WatchSet } from '../drive/watchSet.ts';
import { FolderEvents } from './folderEvents.ts';
import { JottacloudFileSystem } from './provider.ts';
import { scheme, versionScheme } from './scheme.ts';
import { VersionFileSystem } from './versions.ts';

export function registerFileSystems(
  client: DriveClient,
  watchSet: WatchSet,
  hasSession: () => Promise<boolean>,
): vscode.Disposable {
  const events = new FolderEvents(client);
  const files = new JottacloudFileSystem({ client, events, watchSet, hasSession });
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
