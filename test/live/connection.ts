import type { LoginToken } from '../../src/jottacloud/auth/loginToken.ts';
import { exchangeLoginToken } from '../../src/jottacloud/auth/tokens.ts';
import { JottacloudClient } from '../../src/jottacloud/client.ts';
import { createEndpoints } from '../../src/jottacloud/urls.ts';
import type { ProbeWorld, RawAnswer, RawOptions } from './probe.ts';

const userAgent = 'jottacloud-vscode contract suite';

/** Ms for one request of a probe, its answer included: an upload of 32 MiB by a slow line, and the wait for its answer. */
const requestMs = 600_000;
/** The token of a probe's request lives at least that long, since nobody renews it on the way. ms. */
const tokenAheadMs = 600_000;

/** One sign-in to the service, or to an emulator at `endpoint`. */
export interface Connection {
  /** A world in `folder`, which need not exist. */
  worldAt(folder: readonly string[]): ProbeWorld;
  readonly client: JottacloudClient;
  close(): void;
}

/**
 * Signs in with a login token, which is spent by it. The tokens live in this process only: they are written nowhere, and
 * the next run needs a new login token.
 */
export async function connect(
  loginToken: LoginToken,
  endpoint: string | undefined,
  signal: AbortSignal,
): Promise<Connection> {
  const endpoints = createEndpoints(endpoint);
  let tokens = await exchangeLoginToken(loginToken, { endpoints, userAgent }, signal);
  const vault = {
    async saveTokens(renewed: typeof tokens) {
      tokens = renewed;
    },
  };
  const limits = { refreshAheadMs: tokenAheadMs };
  const client = new JottacloudClient({ endpoints, tokens, vault, userAgent, limits });

  let retryAfter = false;
  async function send(method: 'GET' | 'POST', url: string, options: RawOptions = {}): Promise<RawAnswer> {
    // Any request of the client renews a token that is due.
    if (tokens.expiresAt - Date.now() < tokenAheadMs) await client.fetchCustomer(signal);
    const headers = new Headers({ 'user-agent': userAgent, authorization: `Bearer ${tokens.accessToken}` });
    for (const [name, given] of Object.entries(options.headers ?? {})) {
      if (given === '') headers.delete(name);
      else headers.set(name, given);
    }
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(requestMs)]);
    const body =
      options.body === undefined
        ? {}
        : { body: typeof options.body === 'string' ? Buffer.from(options.body) : options.body };
    const response = await fetch(url, { method, headers, redirect: 'manual', signal: bounded, ...body });
    const { status } = response;
    retryAfter ||= response.headers.has('retry-after');
    return { status, text: await response.text(), header: (name) => response.headers.get(name) ?? undefined };
  }

  return {
    client,
    worldAt: (folder) => ({
      client,
      folder,
      signal,
      endpoints,
      tokens: () => tokens,
      sawRetryAfter: () => retryAfter,
      send,
    }),
    close: () => client.close(),
  };
}
