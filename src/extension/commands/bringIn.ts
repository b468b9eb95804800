import { chmod, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import { type Collision, createFolder, stat, upload } from '../../protocol/fileMessages.ts';
import type { MountParams } from '../../protocol/messages.ts';
import type { DriveClient } from '../drive/client.ts';
import { toDriveError } from '../errors.ts';
import { findLeftBehind } from '../leftBehind.ts';
import type { Services } from '../services.ts';
import { contractHome, expandHome, getAllProfiles, getDefaultMount, toMountParams } from '../settings.ts';
import { withCancel } from '../transfers/cancellable.ts';
import { askCollision } from '../transfers/collision.ts';
import { showWarning } from '../ui/messages.ts';
import { signInIfNeeded } from './connect.ts';
import { describeItems, tell } from './items.ts';
import { mountNow } from './mount.ts';
import { getMountPointArgument } from './targets.ts';

/**
 * "Bring In Files…": puts into the account what was saved in a mount point while nothing was mounted there, and mounts. What
 * lies there is set aside first, and goes when all of it is in the account. Resolves with the paths in the account.
 */
export function bringIn(services: Services) {
  return async (argument?: unknown): Promise<readonly string[] | undefined> => {
    if (!(await signInIfNeeded(services))) return undefined;
    const { client } = services;
    const params = findParams(getMountPointArgument(argument));
    const files = await findLeftBehind(client, params);
    if (files.length === 0) {
      tell(vscode.l10n.t('Nothing was saved in {0} while it was not mounted', contractHome(params.mountPoint)));
      return undefined;
    }
    const collision = await askCollision(await findTaken(client, params.source, files), 'account');
    if (collision === undefined) return undefined;
    const aside = `${params.mountPoint} ${Date.now()}`;
    // A mount point without its volume lets nobody write to it.
    await chmod(params.mountPoint, 0o700);
    await rename(params.mountPoint, aside);
    try {
      await mountNow(services, params);
      const title = vscode.l10n.t('Bringing in {0}', describeItems(files));
      const made = await withCancel(title, (token) =>
        uploadAll(client, { aside, files, source: params.source, collision }, token),
      );
      await rm(aside, { recursive: true });
      return made;
    } catch (error) {
      void tellAside(aside);
      throw error;
    }
  };
}

function findParams(mountPoint: string | undefined): MountParams {
  const profile = getAllProfiles().find((known) => expandHome(known.path) === mountPoint);
  return profile === undefined ? getDefaultMount() : toMountParams(profile);
}

/** The files whose names are taken in the account. */
async function findTaken(client: DriveClient, source: string, files: readonly string[]): Promise<string[]> {
  const found = await Promise.all(files.map((file) => exists(client, path.posix.join(source, file))));
  return files.filter((_, index) => found[index]);
}

async function exists(client: DriveClient, accountPath: string): Promise<boolean> {
  try {
    await client.request(stat, { path: accountPath });
    return true;
  } catch (error) {
    const { code } = toDriveError(error);
    if (code === 'notFound' || code === 'notAFolder') return false;
    throw error;
  }
}

interface Upload {
  readonly aside: string;
  readonly files: readonly string[];
  readonly source: string;
  readonly collision: Collision;
}

async function uploadAll(
  client: DriveClient,
  { aside, files, source, collision }: Upload,
  token: vscode.CancellationToken,
): Promise<string[]> {
  const made: string[] = [];
  for (const folder of new Set(files.map((file) => path.dirname(file)))) {
    const target = path.posix.join(source, folder);
    await ensureFolder(client, target);
    const inside = files.filter((file) => path.dirname(file) === folder);
    const localPaths = inside.map((file) => path.join(aside, file));
    made.push(...(await client.request(upload, { localPaths, folder: target, collision }, token)));
  }
  return made;
}

async function ensureFolder(client: DriveClient, folder: string): Promise<void> {
  if (await exists(client, folder)) return;
  await ensureFolder(client, path.posix.dirname(folder));
  await client.request(createFolder, { path: folder });
}

async function tellAside(aside: string): Promise<void> {
  const open = vscode.l10n.t('Open Folder');
  const text = vscode.l10n.t('Not all of it was brought in. It is in {0}.', contractHome(aside));
  if ((await showWarning(text, open)) !== open) return;
  await vscode.commands.executeCommand('vscode.openFolder', vscode.Uri.file(aside), { forceNewWindow: true });
}
