import { chown } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import { nameKey } from '../base/nameKey.ts';
import { lookup } from '../protocol/fileMessages.ts';
import type { DriveState, EntryInfo } from '../protocol/state.ts';
import { findAccountPath } from './fileSystem/scheme.ts';
import type { Services } from './services.ts';

/**
 * Shows in open editors what was changed elsewhere. A kernel tells watchers of files only what goes through the mount, so
 * an editor would go on showing the old text. Giving the file to its own owner changes nothing (SEMANTICS.md, chown) and
 * goes through the mount: watchers look at the file, and VS Code reads it anew unless it has unsaved changes. Where
 * nothing may be changed, below a read-only mount, an editor shows the new text when it is opened again.
 */
export function refreshEditors({ client, log }: Pick<Services, 'client' | 'log'>): vscode.Disposable {
  /** Size and time of the files of open editors as watchers know them. */
  const known = new Map<string, string>();
  const refresh = async (folders: readonly string[]) => {
    const changed = new Set(folders.map(nameKey));
    const open = findOpenFiles(client.state).filter(({ entry }) => changed.has(nameKey(path.posix.dirname(entry))));
    if (open.length === 0) return;
    const entries = await client.request(lookup, { paths: open.map(({ entry }) => entry) });
    for (const [index, { file }] of open.entries()) {
      const entry = entries[index];
      const seen = known.get(file);
      if (entry) known.set(file, describe(entry));
      if (entry && seen !== describe(entry)) await tellWatchers(file);
    }
  };
  return vscode.Disposable.from(
    client.onDidChangeEntries((folders) => {
      refresh(folders).catch((error) => log.info('could not refresh open editors', { error }));
    }),
    vscode.workspace.onDidCloseTextDocument(({ uri }) => known.delete(uri.fsPath)),
  );
}

interface OpenFile {
  /** On this computer, in a mount. */
  readonly file: string;
  /** Its path in the account. */
  readonly entry: string;
}

function findOpenFiles(state: DriveState): OpenFile[] {
  return vscode.workspace.textDocuments.flatMap(({ uri }) => {
    const entry = uri.scheme === 'file' ? findAccountPath(state, uri) : undefined;
    return entry === undefined ? [] : [{ file: uri.fsPath, entry }];
  });
}

function describe({ size, modifiedMs }: EntryInfo): string {
  return `${size} ${modifiedMs}`;
}

async function tellWatchers(file: string): Promise<void> {
  const { getuid, getgid } = process;
  if (getuid === undefined || getgid === undefined) return;
  await chown(file, getuid(), getgid()).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EROFS' && error.code !== 'ENOENT') throw error;
  });
}
