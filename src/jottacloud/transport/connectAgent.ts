import type { ClientRequest } from 'node:http';
import type { Socket } from 'node:net';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { JottaError } from '../errors.ts';
import type { ProxyRoute } from './proxies.ts';
import type { Trust } from './trust.ts';

export interface TunnelOptions {
  readonly keepAlive: boolean;
  readonly maxSockets: number;
  /** Ms an unused connection is kept. */
  readonly timeout: number;
  /** Ms the proxy may take to open a tunnel. */
  readonly connectMs: number;
}

/**
 * https through an HTTP proxy (CONNECT). What the proxy says to CONNECT is never taken for an answer of the service: a
 * 404 of the proxy must not look like a file that is gone. JottaError 'proxy' for a refusal (407 and other 4xx), 'offline'
 * for anything else but 200, 'timeout' for silence.
 */
export class ConnectAgent extends HttpsProxyAgent<string> {
  readonly #connectMs: number;

  constructor(proxy: ProxyRoute, trust: Trust, options: TunnelOptions) {
    const { connectMs, ...agentOptions } = options;
    const headers = proxy.authorization === undefined ? {} : { 'Proxy-Authorization': proxy.authorization };
    super(proxy.url.href, { ...agentOptions, ...trust, headers });
    this.#connectMs = connectMs;
    // The base class drops them, and would connect with Node's own trust and keep idle connections for ever.
    Object.assign(this.options, agentOptions, trust);
  }

  override async connect(request: ClientRequest, options: Parameters<HttpsProxyAgent<string>['connect']>[1]) {
    let status: number | undefined;
    request.once('proxyConnect', ({ statusCode }: { statusCode: number }) => {
      status = statusCode;
    });
    // A request that is given up while it waits for its connection tells nobody, so the wait has a bound of its own.
    const silence = new AbortController();
    const timer = setTimeout(() => silence.abort(), this.#connectMs);
    this.connectOpts = { ...this.connectOpts, signal: silence.signal };
    let socket: Socket;
    try {
      socket = await super.connect(request, options);
    } catch (error) {
      throw silence.signal.aborted ? new JottaError('timeout', 'the proxy does not answer', { cause: error }) : error;
    } finally {
      clearTimeout(timer);
    }
    if (status === 200) return socket;
    socket.destroy();
    const kind = status !== undefined && status >= 400 && status < 500 ? 'proxy' : 'offline';
    throw new JottaError(kind, `the proxy answered ${status} to CONNECT`, { status });
  }
}
