import http from 'node:http';
import https from 'node:https';
import type { LoginToken } from '../../src/jottacloud/auth/loginToken.ts';
import { exchangeLoginToken } from '../../src/jottacloud/auth/loginTokenExchange.ts';
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
    const answer = await sendOnce(method, new URL(url), Object.fromEntries(headers), options.body, bounded);
    retryAfter ||= answer.header('retry-after') !== undefined;
    return answer;
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

/** One request, whatever is answered: fetch() would send it once more after a 421, which is one of the answers asked for. */
async function sendOnce(
  method: string,
  url: URL,
  headers: Record<string, string>,
  body: RawOptions['body'],
  signal: AbortSignal,
): Promise<RawAnswer> {
  const { request } = url.protocol === 'https:' ? https : http;
  const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
    const bytes = body === undefined ? Buffer.alloc(0) : Buffer.from(body);
    const length = method === 'POST' ? { 'content-length': String(bytes.length) } : {};
    request(url, { method, headers: { ...headers, ...length }, signal }, resolve)
      .once('error', reject)
      .end(bytes);
  });
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return {
    status: response.statusCode ?? 0,
    text: Buffer.concat(chunks).toString('utf8'),
    header: (name) => response.headers[name.toLowerCase()]?.toString(),
  };
}
