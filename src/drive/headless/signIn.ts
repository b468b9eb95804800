import type { LoginToken } from '../../jottacloud/auth/loginToken.ts';
import { exchangeLoginToken, type Tokens } from '../../jottacloud/auth/tokens.ts';
import type { JottacloudClient } from '../../jottacloud/client.ts';
import { isJottaError } from '../../jottacloud/errors.ts';
import type { ServiceDeps } from '../../jottacloud/options.ts';
import { DriveError } from '../../protocol/errors.ts';
import type { TokenFile } from './tokenFile.ts';

export interface SignInDeps {
  readonly file: TokenFile;
  readonly service: ServiceDeps;
  readonly createClient: (tokens: Tokens) => JottacloudClient;
}

/**
 * A client with the tokens that were stored, else with those that `login` is exchanged for. A login token is good for one
 * exchange and stays in the command line that a person starts again, so that it is used only where the stored tokens are of
 * another user or refused. DriveError `signedOut` without either.
 */
export async function signIn(
  login: LoginToken | undefined,
  { file, service, createClient }: SignInDeps,
  signal: AbortSignal,
): Promise<JottacloudClient> {
  const stored = await file.loadTokens();
  if (stored !== undefined && (login === undefined || isSameUser(login, stored, file.loginName))) {
    const client = createClient(stored);
    if (login === undefined || !(await isRefused(client, signal))) return client;
    client.close();
    service.log?.info('the stored tokens are refused; the login token is used');
  }
  if (login === undefined) throw new DriveError('signedOut', { reason: '--login-token is needed the first time' });
  const tokens = await exchangeLoginToken(login, service, signal);
  await file.saveTokens(tokens, login.username);
  return createClient(tokens);
}

function isSameUser(login: LoginToken, stored: Tokens, loginName: string | undefined): boolean {
  return login.username === loginName || login.username === stored.username;
}

/** False as well when the service cannot be asked: nothing is known against the tokens then. */
async function isRefused(client: JottacloudClient, signal: AbortSignal): Promise<boolean> {
  try {
    await client.fetchCustomer(signal);
    return false;
  } catch (error) {
    return isJottaError(error, 'signedOut') || isJottaError(error, 'unauthorized');
  }
}
