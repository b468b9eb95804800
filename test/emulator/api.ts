import { authenticate } from './auth.ts';
import type { Context } from './context.ts';
import { assertWritable } from './locks.ts';
import { type Container, foldName } from './model.ts';
import { jsonReply, type Reply } from './reply.ts';
import { accountUsage, quotaFull } from './sizes.ts';
import { childrenOf, mountPointsOf } from './tree.ts';
import { destroy } from './writes.ts';

/** `GET /account/v1/customer` (PROTOCOL.md §1.5). */
export function customer(context: Context, authorization: string | undefined): Reply {
  authenticate(context, authorization);
  const { account } = context;
  return jsonReply({
    username: account.user,
    email: 'emulator@example.org',
    name: 'Emulator Account',
    country_code: 'NO',
    language_code: 'en',
    customer_group_code: '',
    brand_code: 'jotta',
    account_type: 'unlimited',
    subscription_type: 'UNLIMITED',
    usage: accountUsage(account),
    quota: account.capacity,
    business_usage: 0,
    business_quota: 0,
    write_locked: account.writeLocked || quotaFull(account),
    read_locked: account.readLocked,
    locked_cause: account.writeLocked || account.readLocked ? { type: 'SUBSCRIPTION' } : null,
    web_hash: '',
    android_hash: '',
    ios_hash: '',
  });
}

/** `POST /files/v1/purge_trash`: empties the whole trash and says how much was in it (§4). */
export function purgeTrash(context: Context, authorization: string | undefined): Reply {
  authenticate(context, authorization);
  assertWritable(context);
  return jsonReply(emptyTrash(context));
}

/** How much was in it. */
export function emptyTrash(context: Context): { folders: number; files: number } {
  const count = { folders: 0, files: 0 };
  for (const mountPoint of [...mountPointsOf(context.account)]) {
    purge(context, mountPoint, count);
    if (mountPoint.deleted === undefined) continue;
    mountPoint.device.mountPoints.delete(foldName(mountPoint.name));
    count.folders++;
  }
  return count;
}

function purge(context: Context, container: Container, count: { folders: number; files: number }): void {
  for (const child of [...childrenOf(container)]) {
    if (child.kind === 'folder') purge(context, child, count);
    if (child.deleted === undefined) continue;
    if (child.kind === 'folder') count.folders++;
    else count.files++;
    destroy(context, child);
  }
}
