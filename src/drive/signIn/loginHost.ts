import { brands } from '../../jottacloud/auth/brands.ts';
import type { LoginToken } from '../../jottacloud/auth/loginToken.ts';
import { isLoopback } from '../../jottacloud/urls.ts';
import { DriveError } from '../../protocol/errors.ts';

/**
 * A login token says itself where its secret is sent, so that whoever can have a person paste one could choose that place. Only
 * the hosts of the brands are taken unasked, or the host of `endpoint`, which then stands for all of them. DriveError
 * `loginHostUnknown` (args: `host`) for another one, unless the person has confirmed it; `loginTokenMalformed` for this computer
 * without an endpoint, where no service is.
 */
export function checkLoginHost(token: LoginToken, endpoint: string | undefined, confirmedHost?: string): void {
  const { hostname } = new URL(token.wellKnownLink);
  const isExpected =
    endpoint === undefined || endpoint === ''
      ? Object.values(brands).some(({ host }) => host === hostname)
      : isSameHost(hostname, new URL(endpoint).hostname);
  if (isExpected) return;
  if (isLoopback(hostname)) throw new DriveError('loginTokenMalformed');
  if (hostname !== confirmedHost) throw new DriveError('loginHostUnknown', { host: hostname });
}

function isSameHost(one: string, other: string): boolean {
  return one === other || (isLoopback(one) && isLoopback(other));
}
