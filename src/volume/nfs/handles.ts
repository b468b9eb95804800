import { createHmac, timingSafeEqual } from 'node:crypto';
import { ErrnoError } from '../../base/errno.ts';
import type { Ino } from '../../store/nodeRow.ts';

/** What makes the handles of one volume unlike those of any other, and impossible to guess. */
export interface HandleKeys {
  /** 32 bytes, known to this user only. */
  readonly secret: Buffer;
  /** 8 bytes that name the account. */
  readonly account: Buffer;
  /** The folder that is the volume's root. */
  readonly root: Ino;
}

/** What the client holds of a file: account, ino, and a MAC over both and the root of the volume. */
export interface Handles {
  toHandle(ino: Ino): Buffer;
  /** ESTALE for a handle of another account, of another volume, or of nobody's making. */
  toIno(handle: Buffer): Ino;
}

const accountBytes = 8;
const inoBytes = 8;
const macBytes = 16;

/**
 * Handles are made of the database's numbers, so that they hold over restarts of the drive and the computer; nothing about
 * them is kept. Without the secret nobody can make one, which is what guards the port against other users of the computer.
 */
export function createHandles({ secret, account, root }: HandleKeys): Handles {
  const toMac = (body: Buffer): Buffer =>
    createHmac('sha256', secret).update(`volume ${root} `).update(body).digest().subarray(0, macBytes);
  return {
    toHandle: (ino) => {
      const handle = Buffer.alloc(accountBytes + inoBytes + macBytes);
      account.copy(handle, 0, 0, accountBytes);
      handle.writeBigUInt64BE(BigInt(ino), accountBytes);
      toMac(handle.subarray(0, accountBytes + inoBytes)).copy(handle, accountBytes + inoBytes);
      return handle;
    },
    toIno: (handle) => {
      const body = handle.subarray(0, accountBytes + inoBytes);
      const mac = handle.subarray(accountBytes + inoBytes);
      if (mac.length !== macBytes || !timingSafeEqual(mac, toMac(body))) {
        throw new ErrnoError('ESTALE', 'a file handle that was not made here');
      }
      if (!body.subarray(0, accountBytes).equals(account.subarray(0, accountBytes))) {
        throw new ErrnoError('ESTALE', 'a file handle of another account');
      }
      return Number(body.readBigUInt64BE(accountBytes)) as Ino;
    },
  };
}
