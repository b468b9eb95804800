import type { NetworkOptions } from '../../base/networkOptions.ts';
import { JottaError } from '../errors.ts';
import { isLoopback } from '../urls.ts';

/** A proxy on the way to a host. */
export interface ProxyRoute {
  /** `http:`, `https:` or one of the `socks` schemes; without credentials. */
  readonly url: URL;
  /** Value of the header Proxy-Authorization; undefined: none. */
  readonly authorization: string | undefined;
  /** For SOCKS, which has no headers. */
  readonly username: string;
  readonly password: string;
}

const schemes: ReadonlySet<string> = new Set([
  'http:',
  'https:',
  'socks:',
  'socks4:',
  'socks4a:',
  'socks5:',
  'socks5h:',
]);

/** In VS Code's order; ALL_PROXY, which only other programs read, comes last. */
const httpVariables = ['http_proxy', 'HTTP_PROXY', 'all_proxy', 'ALL_PROXY'];
const httpsVariables = ['https_proxy', 'HTTPS_PROXY', ...httpVariables];

/**
 * The proxy to `url`, or undefined for a direct connection. The setting wins over the environment; this computer itself is
 * never reached through a proxy. JottaError 'proxy' when the configured address is none: going around a proxy somebody
 * asked for would be worse than an error that names it.
 */
export function resolveProxy(url: URL, options: NetworkOptions, env: NodeJS.ProcessEnv): ProxyRoute | undefined {
  if (!options.useProxy || isLoopback(url.hostname)) return undefined;
  const secure = url.protocol === 'https:' || url.protocol === 'wss:';
  const exceptions = options.noProxy.length > 0 ? options.noProxy : (env.no_proxy || env.NO_PROXY || '').split(',');
  if (isException(url, secure, exceptions)) return undefined;
  const variable = (secure ? httpsVariables : httpVariables).find((name) => env[name]);
  const address = options.proxy.trim() || (variable === undefined ? '' : (env[variable] ?? '').trim());
  return address === '' ? undefined : parseProxy(address, options.proxyAuthorization);
}

/** `*`, or a domain with all below it, with an optional port: as VS Code and curl read NO_PROXY. */
function isException(url: URL, secure: boolean, exceptions: readonly string[]): boolean {
  const host = `.${url.hostname.toLowerCase()}`;
  const port = url.port || (secure ? '443' : '80');
  return exceptions.some((text) => {
    const entry = text.trim().toLowerCase();
    if (entry === '*') return true;
    const [, name = '', wantedPort] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? [];
    const domain = name.replace(/^\*?\.?/, '.');
    return domain !== '.' && host.endsWith(domain) && (wantedPort === undefined || wantedPort === port);
  });
}

function parseProxy(address: string, authorization: string): ProxyRoute {
  const text = address.includes('://') ? address : `http://${address}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !schemes.has(url.protocol) || url.hostname === '') {
    throw new JottaError('proxy', 'the configured proxy is not an address');
  }
  const username = decodePart(url.username);
  const password = decodePart(url.password);
  url.username = '';
  url.password = '';
  const basic = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const own = username === '' && password === '' ? undefined : basic;
  return { url, authorization: authorization.trim() || own, username, password };
}

function decodePart(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
