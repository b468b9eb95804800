import { parseLoginToken } from '../../../src/jottacloud/auth/loginToken.ts';
import { exchangeLoginToken } from '../../../src/jottacloud/auth/loginTokenExchange.ts';
import type { Tokens } from '../../../src/jottacloud/auth/tokens.ts';
import type { ClientOptions } from '../../../src/jottacloud/client.ts';
import { JottacloudClient } from '../../../src/jottacloud/client.ts';
import { createEndpoints } from '../../../src/jottacloud/urls.ts';
import type { Emulator } from '../../emulator/emulator.ts';
import type { AccountWorld } from './world.ts';

/** Renewed tokens live as long as the emulator. */
const vault = { saveTokens: async () => {} };

/** Signs in at an emulator. */
export function exchangeAt(emulator: Emulator, loginToken = emulator.newLoginToken()): Promise<Tokens> {
  const deps = { endpoints: createEndpoints(emulator.url), userAgent: 'contract suite' };
  return exchangeLoginToken(parseLoginToken(loginToken), deps, new AbortController().signal);
}

/** A client whose pauses between tries take no time and whose clock is `aheadMs` ahead. */
export function connectTo(
  emulator: Emulator,
  tokens: Tokens,
  { aheadMs = 0, ...more }: Partial<ClientOptions> & { aheadMs?: number } = {},
): JottacloudClient {
  return new JottacloudClient({
    endpoints: createEndpoints(emulator.url),
    userAgent: 'contract suite',
    tokens,
    vault,
    clock: { now: () => Date.now() + aheadMs, sleep: async () => {} },
    random: () => 0.5,
    ...more,
  });
}

export interface EmulatorWorld {
  /** The world of one case, in a new folder. */
  newWorld(): Promise<AccountWorld>;
  /** Closes every client. */
  close(): void;
}

export async function openEmulatorWorld(emulator: Emulator, signal: AbortSignal): Promise<EmulatorWorld> {
  const client = connectTo(emulator, await exchangeAt(emulator));
  const clients = [client];
  let opened = 0;
  return {
    async newWorld() {
      opened += 1;
      const folder = ['Jotta', 'Archive', `case ${opened}`];
      await client.createFolder(folder, signal);
      return {
        client,
        folder,
        signal,
        newLoginToken: () => emulator.newLoginToken(),
        exchange: (loginToken) => exchangeAt(emulator, loginToken),
        connect(tokens, aheadMs = 0) {
          const more = connectTo(emulator, tokens, { aheadMs });
          clients.push(more);
          return more;
        },
        setQuota: (capacity, writeLocked) => emulator.quota(capacity, writeLocked),
      };
    },
    close() {
      for (const each of clients) each.close();
    },
  };
}
