import path from 'node:path';
import * as vscode from 'vscode';
import { nameKey } from '../../base/nameKey.ts';
import type { DriveState } from '../../protocol/state.ts';
import { getLiveMounts } from '../mountedPath.ts';

/** The account as a file system: `jottacloud:/Jotta/Archive/a.txt`. */
export const scheme = 'jottacloud';
/** One old version of a file, read-only: `jottacloud-version:/Jotta/Archive/a.txt?3`. */
export const versionScheme = 'jottacloud-version';

const rowQuery = 'row';

export function toUri(accountPath: string): vscode.Uri {
  return vscode.Uri.from({ scheme, path: accountPath });
}

/** What a row of the Files view is about: it has the icon of its type, and badges that VS Code's Explorer has no place for. */
export function toRowUri(accountPath: string): vscode.Uri {
  return vscode.Uri.from({ scheme, path: accountPath, query: rowQuery });
}

export function isRowUri(uri: vscode.Uri): boolean {
  return uri.scheme === scheme && uri.query === rowQuery;
}

/** Path in the account of a `jottacloud:` URI. */
export function toAccountPath({ path: text }: vscode.Uri): string {
  return path.posix.resolve('/', text);
}

export function toVersionUri(accountPath: string, revision: number): vscode.Uri {
  return vscode.Uri.from({ scheme: versionScheme, path: accountPath, query: String(revision) });
}

/** undefined for a URI that is no version. */
export function parseVersionUri(uri: vscode.Uri): { path: string; revision: number } | undefined {
  const revision = Number(uri.query);
  if (uri.scheme !== versionScheme || !Number.isSafeInteger(revision)) return undefined;
  return { path: toAccountPath(uri), revision };
}

/** The account path that any URI of ours stands for: virtual, of an old version, or of a file in a mount. */
export function findAccountPath(state: DriveState, uri: vscode.Uri): string | undefined {
  if (uri.scheme === scheme || uri.scheme === versionScheme) return toAccountPath(uri);
  if (uri.scheme !== 'file') return undefined;
  const mount = getLiveMounts(state).find(({ mountPoint }) => {
    return uri.fsPath === mountPoint || uri.fsPath.startsWith(mountPoint + path.sep);
  });
  if (mount === undefined) return undefined;
  return path.posix.join(mount.source, uri.fsPath.slice(mount.mountPoint.length));
}

/** The given paths without those that lie below another of them: these go along with it. */
export function outermost(accountPaths: readonly string[]): string[] {
  const keys = new Set(accountPaths.map(nameKey));
  return accountPaths.filter((accountPath) => !hasAncestor(accountPath, keys));
}

function hasAncestor(accountPath: string, keys: ReadonlySet<string>): boolean {
  for (let at = path.posix.dirname(accountPath); at !== '/'; at = path.posix.dirname(at)) {
    if (keys.has(nameKey(at))) return true;
  }
  return false;
}
