import { WebSocket } from 'ws';
import type { LoginToken } from '../../../src/jottacloud/auth/loginToken.ts';
import { escapeSegment } from '../../../src/jottacloud/urls.ts';
import { at, storeFresh } from '../../contract/client/acts.ts';
import { describe, type PartOfQuirks, type Probe, type ProbeWorld, type RawAnswer, succeeded } from '../probe.ts';

/** Ms within which a living event socket answers. */
const patienceMs = 10_000;

type Socket = 'open' | 'refused' | 'silent';

/** The event socket and the token endpoint (PROTOCOL.md §1.1, §1.2, §4). */
export const socketProbes: PartOfQuirks<'eventSocket' | 'pkce'> = {
  pkce: {
    question: 'whether a code may be bound to who asked for it',
    async ask(world) {
      const page = world
        .tokens()
        .tokenEndpoint.replace('protocol/openid-connect/token', '.well-known/openid-configuration');
      const answer = await world.send('GET', page, { headers: { authorization: '' } });
      if (!succeeded(answer)) return describe(answer);
      return /"code_challenge_methods_supported"[^\]]*"S256"/.test(answer.text) ? 'offered' : 'absent';
    },
  },
  eventSocket: {
    question: 'event socket still alive',
    async ask(world) {
      const user = escapeSegment(world.client.username);
      const answer = await world.send('GET', `${world.endpoints.jfs}/rest/token/${user}/createToken`);
      if (!succeeded(answer))
        return answer.status === 404 ? 'no-token' : answer.status === 403 ? 'forbidden' : describe(answer);
      const token = /<authToken[^>]*>([^<]+)</.exec(answer.text)?.[1]?.trim();
      if (token === undefined) return 'answered without a token';
      const seen = await listen(world, `${world.endpoints.events}/ws/${user}/${escapeSegment(token)}`);
      return seen === 'open' ? 'on' : seen;
    },
  },
};

/** Subscribes, changes something, and waits to be told. The address is a secret. */
function listen(world: ProbeWorld, address: string): Promise<Socket> {
  const { promise, resolve } = Promise.withResolvers<Socket>();
  const socket = new WebSocket(address, { handshakeTimeout: patienceMs, perMessageDeflate: false });
  const timer = setTimeout(() => resolve('silent'), patienceMs);
  socket.on('open', () => socket.send(JSON.stringify({ SUBSCRIBE: { path: 'ALL', UA: 'contract suite' } })));
  socket.on('message', (data) => {
    const text = String(data);
    if (text.includes('"EVENT"')) resolve('open');
    else if (text.includes('"SUBSCRIBE"')) storeFresh(world, at(world, 'event')).catch(() => {});
  });
  socket.on('error', () => resolve('refused'));
  return promise.finally(() => {
    clearTimeout(timer);
    socket.terminate();
  });
}

/** The last questions of a run: they spend its tokens. */
export type Farewell = PartOfQuirks<'loginRefused' | 'reuseMessage'>;

export function farewellProbes(loginToken: LoginToken, reusesSpentTokens: boolean): Farewell {
  return {
    loginRefused: {
      question: 'status of a login token that is used up',
      async ask(world) {
        const form = { grant_type: 'password', password: loginToken.authToken, username: loginToken.username };
        const answer = await grant(world, { ...form, scope: 'openid offline_access' });
        return ['400', '401'].includes(String(answer.status)) ? String(answer.status) : describe(answer);
      },
    },
    reuseMessage: {
      question: 'wording of the refusal of a reused refresh token',
      ...(reusesSpentTokens
        ? { ask: spendTokens }
        : { because: 'it ends the sign-in, and was not asked for by its flag' }),
    },
  };
}

const spendTokens: Probe['ask'] = async (world) => {
  const form = { grant_type: 'refresh_token', refresh_token: world.tokens().refreshToken };
  const first = await grant(world, form);
  if (!succeeded(first)) return `the first use was refused: ${describe(first)}`;
  const second = await grant(world, form);
  if (succeeded(second)) return 'accepted twice';
  if (second.text.includes('Stale token')) return 'stale-token';
  return second.text.includes("doesn't have required client") ? 'missing-client' : describe(second);
};

function grant(world: ProbeWorld, form: Record<string, string>): Promise<RawAnswer> {
  const body = new URLSearchParams({ client_id: 'jottacli', ...form }).toString();
  const headers = { 'content-type': 'application/x-www-form-urlencoded', authorization: '' };
  return world.send('POST', world.tokens().tokenEndpoint, { headers, body });
}
