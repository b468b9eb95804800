import path from 'node:path';
import * as vscode from 'vscode';
import { DriveError } from '../../protocol/errors.ts';
import { stat } from '../../protocol/fileMessages.ts';
import type { EntryInfo } from '../../protocol/state.ts';
import { findAccountPath } from '../fileSystem/scheme.ts';
import { findActiveUri } from '../openTabs.ts';
import type { Services } from '../services.ts';
import { inert } from '../ui/inert.ts';
import { signInIfNeeded } from './connect.ts';
import { choosePath, getPathArgument } from './targets.ts';

/** Parts of the path of a mountpoint, split at its slashes: an empty one, the device, its own name. */
const mountpointParts = 3;

/** The account path of a row, an entry, a URI or a path. */
export function getItemArgument({ client }: Services, argument: unknown): string | undefined {
  if (argument instanceof vscode.Uri) return findAccountPath(client.state, argument);
  return getPathArgument(argument);
}

/** The path of what the active editor shows; undefined where that is no file of the account. */
export function findActivePath({ client }: Services): string | undefined {
  const uri = findActiveUri();
  return uri === undefined ? undefined : findAccountPath(client.state, uri);
}

/** Throws `notChangeable` for the account, a device or a mountpoint, before a question is asked about it. */
export function checkChangeable(paths: readonly string[]): void {
  const fixed = paths.find((accountPath) => accountPath.split('/').length <= mountpointParts);
  if (fixed !== undefined) throw new DriveError('notChangeable', { path: fixed });
}

/** What a command works on: the rows selected together with the one it was called on, that one, or one browsed to. */
export async function chooseItems(
  services: Services,
  argument: unknown,
  selection: unknown,
  title: string,
): Promise<readonly string[] | undefined> {
  const given = getItemArgument(services, argument);
  const selected = (Array.isArray(selection) ? selection : []).flatMap(
    (item: unknown) => getItemArgument(services, item) ?? [],
  );
  if (given !== undefined && selected.includes(given)) return selected;
  const chosen = given ?? (await choosePath(services, undefined, 'any', title));
  return chosen === undefined ? undefined : [chosen];
}

/** One item: the one given, or one browsed to. */
export async function chooseItem(
  services: Services,
  argument: unknown,
  want: 'file' | 'any',
  title: string,
): Promise<string | undefined> {
  return getItemArgument(services, argument) ?? choosePath(services, undefined, want, title);
}

/** A folder: the one given, the one a given file is in, or one browsed to. */
export async function chooseFolder(
  services: Services,
  argument: unknown,
  want: 'folder' | 'parent',
  title: string,
): Promise<string | undefined> {
  const given = getItemArgument(services, argument);
  if (given === undefined) return choosePath(services, undefined, want, title);
  if (!(await signInIfNeeded(services))) return undefined;
  const { kind } = await services.client.request(stat, { path: given });
  return kind === 'file' ? path.posix.dirname(given) : given;
}

export function statItem({ client }: Services, accountPath: string): Promise<EntryInfo> {
  return client.request(stat, { path: accountPath });
}

/** For titles and questions: the name of one, the number of several. */
export function describeItems(paths: readonly string[]): string {
  const [first] = paths;
  if (first !== undefined && paths.length === 1) return path.posix.basename(first) || '/';
  return vscode.l10n.t('{0} items', paths.length);
}

/** Why a name cannot be given; undefined when it can. The drive has the last word. */
export function checkName(name: string): string | undefined {
  const trimmed = name.trim();
  if (trimmed === '') return vscode.l10n.t('Type a name.');
  if (trimmed === '.' || trimmed === '..') return vscode.l10n.t('Choose another name.');
  if (name.includes('/')) return vscode.l10n.t('A name cannot hold a slash.');
  return name.length > 255 ? vscode.l10n.t('A name has at most 255 characters.') : undefined;
}

/** Says in passing what was done; nobody has to act. */
export function tell(text: string): void {
  vscode.window.setStatusBarMessage(inert(text), 5_000);
}
