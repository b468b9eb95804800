import type { Context } from './context.ts';
import { ServiceError } from './errors.ts';
import { accountUsage } from './sizes.ts';

/** Throws 403 while the account is write-locked (PROTOCOL.md §2.9). */
export function assertWritable({ account }: Context): void {
  if (account.writeLocked) throw new ServiceError(403, 'ForbiddenException', `Account ${account.user} is write locked`);
}

/** Throws 403 while the account is read-locked; who it is and how it stands can always be asked. */
export function assertReadable({ account }: Context): void {
  if (account.readLocked) throw new ServiceError(403, 'ForbiddenException', `Account ${account.user} is read locked`);
}

/** Throws 460 when `bytes` more would not fit the capacity (§3.3). */
export function assertQuota({ account }: Context, bytes: number): void {
  if (account.capacity < 0 || accountUsage(account) + bytes <= account.capacity) return;
  throw new ServiceError(460, 'QuotaExceededException', `Quota of ${account.capacity} bytes exceeded`);
}
