import type { LoginToken } from '../../jottacloud/auth/loginToken.ts';
import { exchangeLoginToken } from '../../jottacloud/auth/loginTokenExchange.ts';
import { areFor, type Tokens } from '../../jottacloud/auth/tokens.ts';
import type { JottacloudClient } from '../../jottacloud/client.ts';
import { isJottaError } from '../../jottacloud/errors.ts';
import type { ServiceDeps } from '../../jottacloud/options.ts';
import { DriveError } from '../../protocol/errors.ts';
import type { TokenFile } from './tokenFile.ts';

/** A sign-in in a browser: whose it is shows when it is done. The tokens are handed to `save`, and answered by it, first. */
export type BrowserLogin = (save: (tokens: Tokens) => Promise<Tokens>, signal: AbortSignal) => Promise<Tokens>;

export interface SignInDeps {
  readonly file: TokenFile;
  readonly service: ServiceDeps;
  readonly createClient: (tokens: Tokens) => JottacloudClient;
}

/** For each thing that is asked of the service; what a person does in a browser takes as long as it takes. ms. */
const askMs = 60_000;

/**
 * A client with the tokens that were stored, else with those of `login`. A login token is good for one exchange and stays, as
 * the name of a brand does, in the command line that a person starts again, so that either is used only where the stored tokens
 * are known to be of another user or are refused. DriveError `signedOut` without stored tokens and `login`.
 */
export async function signIn(
  login: LoginToken | BrowserLogin | undefined,
  { file, service, createClient }: SignInDeps,
  signal: AbortSignal,
): Promise<JottacloudClient> {
  const stored = await file.loadTokens();
  if (stored !== undefined && areFor(stored, service.endpoints) && !isOfAnother(login, stored, file.loginName)) {
    const client = createClient(stored);
    if (login === undefined || !(await isRefused(client, signal))) return client;
    client.close();
    service.log?.info('the stored tokens are refused; this is a new sign-in');
  }
  if (login === undefined) {
    throw new DriveError('signedOut', { reason: '--login-token or --sign-in is needed the first time' });
  }
  if (typeof login === 'function') return createClient(await login(save, signal));
  const tokens = await exchangeLoginToken(login, service, within(signal));
  await file.saveTokens(tokens, login.username);
  return createClient(tokens);

  async function save(tokens: Tokens): Promise<Tokens> {
    await file.saveTokens(tokens, tokens.username);
    return tokens;
  }
}

function isOfAnother(login: LoginToken | BrowserLogin | undefined, stored: Tokens, loginName: string | undefined) {
  if (login === undefined || typeof login === 'function') return false;
  return login.username !== loginName && login.username !== stored.username;
}

/** False as well when the service cannot be asked: nothing is known against the tokens then. */
async function isRefused(client: JottacloudClient, signal: AbortSignal): Promise<boolean> {
  try {
    await client.fetchCustomer(within(signal));
    return false;
  } catch (error) {
    return isJottaError(error, 'signedOut') || isJottaError(error, 'unauthorized');
  }
}

function within(signal: AbortSignal): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(askMs)]);
}
