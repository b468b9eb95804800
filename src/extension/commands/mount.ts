import * as vscode from 'vscode';
import { DriveError } from '../../protocol/errors.ts';
import { type MountParams, mount } from '../../protocol/messages.ts';
import type { DriveClient } from '../drive/client.ts';
import { findLeftBehind } from '../leftBehind.ts';
import type { Services } from '../services.ts';
import { contractHome, expandHome, getAllProfiles, getDefaultMount, toMountParams } from '../settings.ts';
import { withProgress } from '../ui/messages.ts';
import { signInIfNeeded } from './connect.ts';
import { getMountPointArgument } from './targets.ts';

/** "Mount Jottacloud": mounts the default profile at once, or the remembered one of the row it was called on. */
export function mountJottacloud(services: Services) {
  return async (argument?: unknown): Promise<boolean> => {
    if (!(await signInIfNeeded(services))) return false;
    const given = getMountPointArgument(argument);
    const profile = getAllProfiles().find((known) => expandHome(known.path) === given);
    await mountNow(services, profile === undefined ? getDefaultMount() : toMountParams(profile));
    return true;
  };
}

/** Mounts with progress in the Mounts view and the status bar. Throws DriveError. */
export async function mountNow({ client, fuse }: Services, params: MountParams): Promise<void> {
  // The drive would find a folder that is not empty, which is true and no help.
  const isUp = client.state.mounts.some(({ mountPoint, status }) => {
    return mountPoint === params.mountPoint && status !== 'failed';
  });
  if (isUp) throw new DriveError('alreadyMounted', { path: params.mountPoint });
  const title = vscode.l10n.t('Mounting {0}', contractHome(params.mountPoint));
  await withProgress({ location: { viewId: 'jottacloud.mounts' }, title }, async () => {
    try {
      await client.request(mount, params);
    } catch (error) {
      throw await explainRefusal(client, params, fuse.note(error));
    }
    void fuse.update();
  });
}

/** Says of a mount point that is not empty how many files were saved there while nothing was mounted. */
export async function explainRefusal(
  client: DriveClient,
  params: MountParams,
  failure: DriveError,
): Promise<DriveError> {
  if (failure.code !== 'mountPointNotEmpty') return failure;
  const files = await findLeftBehind(client, params).catch(() => []);
  if (files.length === 0) return failure;
  const args = { ...failure.args, mountPoint: params.mountPoint, leftBehind: String(files.length) };
  return new DriveError(failure.code, args, { cause: failure });
}
