import type http from 'node:http';
import { SocksProxyAgent } from 'socks-proxy-agent';
import type { Log } from '../../base/log.ts';
import { defaultNetworkOptions, type NetworkOptions } from '../../base/networkOptions.ts';
import type { ClientLimits } from '../limits.ts';
import { ConnectAgent } from './connectAgent.ts';
import { type ProxyRoute, resolveProxy } from './proxies.ts';
import { ReceivingAgent, SecureReceivingAgent } from './receiving.ts';
import { createTrust, type Trust } from './trust.ts';

/** How this process reaches the internet; shared by all clients of the process. */
export interface Network {
  /** Asked at every request, so that a changed setting counts from the next one on. */
  readonly getOptions: () => NetworkOptions;
  /** Where HTTPS_PROXY, NO_PROXY and their kin are looked up. */
  readonly env: NodeJS.ProcessEnv;
}

/** No settings and no environment: direct connections. */
export const plainNetwork: Network = { getOptions: () => defaultNetworkOptions, env: {} };

export interface Agents {
  /**
   * The agent for a request or a WebSocket to `url` (http, https, ws, wss): direct, or through the proxy that settings
   * and environment name, with the trust they ask for. JottaError 'proxy' when the proxy's address cannot be read.
   */
  getAgentFor(url: URL): http.Agent;
  /** Closes every connection these agents hold. */
  destroy(): void;
}

/** Keep-alive connections, pooled per way out. Changed options make new pools; the old ones end with their last use. */
export function createAgents(network: Network, limits: ClientLimits, log: Log): Agents {
  const poolOptions = { keepAlive: true, maxSockets: limits.maxSockets, timeout: limits.idleSocketMs };
  const all = new Set<http.Agent>();
  let options = network.getOptions();
  let pools = new Map<string, http.Agent>();
  let trust: Trust | undefined;

  const createAgent = (secure: boolean, proxy: ProxyRoute | undefined): http.Agent => {
    if (!secure && proxy === undefined) return new ReceivingAgent(poolOptions);
    trust ??= createTrust(options, log);
    if (proxy === undefined) return new SecureReceivingAgent({ ...poolOptions, ...trust });
    log.info('requests go through a proxy', { host: proxy.url.host });
    if (!proxy.url.protocol.startsWith('socks')) {
      return new ConnectAgent(proxy, trust, { ...poolOptions, connectMs: limits.firstByteMs });
    }
    return createSocksAgent(proxy, trust, poolOptions);
  };

  return {
    getAgentFor(url) {
      const current = network.getOptions();
      if (!isSame(current, options)) {
        options = current;
        trust = undefined;
        // The old ones are not destroyed: what runs goes on, and idle connections close by themselves after `idleSocketMs`.
        pools = new Map();
      }
      const secure = url.protocol === 'https:' || url.protocol === 'wss:';
      const proxy = resolveProxy(url, options, network.env);
      const key = `${secure} ${proxy?.url.href} ${proxy?.authorization}`;
      let agent = pools.get(key);
      if (agent === undefined) {
        agent = createAgent(secure, proxy);
        pools.set(key, agent);
        all.add(agent);
      }
      return agent;
    },
    destroy() {
      for (const agent of all) agent.destroy();
    },
  };
}

/** The package's own `timeout` is left alone: it would also end connections that are in use. */
function createSocksAgent(
  { url, username, password }: ProxyRoute,
  trust: Trust,
  { timeout, ...poolOptions }: http.AgentOptions,
): http.Agent {
  const withCredentials = new URL(url);
  withCredentials.username = encodeURIComponent(username);
  withCredentials.password = encodeURIComponent(password);
  const agent = new SocksProxyAgent(withCredentials, poolOptions);
  Object.assign(agent.options, { timeout }, trust);
  return agent;
}

function isSame(one: NetworkOptions, other: NetworkOptions): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}
