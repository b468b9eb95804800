import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fsErrorCode } from '../../base/errno.ts';
import { DriveError } from '../../protocol/errors.ts';
import type { LandingPage } from '../../protocol/messages.ts';

/** `foreign`: the address does not belong to this sign-in, which goes on waiting. */
export type Outcome = 'signedIn' | 'refused' | 'foreign';

/** Waits on this computer for the browser to be sent back. */
export interface Landing {
  /** Ends in the slash that is part of what the sign-in servers know. */
  readonly redirectUri: string;
  close(): void;
}

/** Longest address line that is looked at; a code has some hundred characters. */
const longestAddress = 8_192;

/**
 * Listens on `port` of this computer alone, by both its addresses: `localhost` may be either. 0 takes any free port. `take` is
 * given each address that a browser asks for here and says what came of it. DriveError `signInPortBusy` when another program has
 * the port: the code would go to that one.
 */
export async function openLanding(
  port: number,
  page: LandingPage,
  take: (address: string) => Promise<Outcome>,
): Promise<Landing> {
  let redirectUri = '';
  const answer: RequestListener = async (request, response) => {
    const { method, url = '' } = request;
    if (method !== 'GET' || !/^\/(\?|$)/.test(url) || url.length > longestAddress) return response.writeHead(404).end();
    const outcome = await take(new URL(url, redirectUri).href);
    const isDone = outcome === 'signedIn';
    response.writeHead(isDone ? 200 : 400, headers).end(render(isDone ? page.done : page.refused, page.title));
  };
  const first = await listen('127.0.0.1', port, answer);
  const { port: taken } = first.address() as AddressInfo;
  redirectUri = `http://localhost:${taken}/`;
  const second = await listen('::1', taken, answer).catch((error) => {
    first.close();
    throw error;
  });
  const servers = [first, ...(second === undefined ? [] : [second])];
  return {
    redirectUri,
    close: () => {
      for (const server of servers) server.close();
    },
  };
}

/** undefined where this computer has no such address. */
async function listen(host: '127.0.0.1', port: number, answer: RequestListener): Promise<Server>;
async function listen(host: '::1', port: number, answer: RequestListener): Promise<Server | undefined>;
async function listen(host: string, port: number, answer: RequestListener): Promise<Server | undefined> {
  const server = createServer(answer);
  // A browser that keeps its connection must not keep the process, nor the port.
  server.keepAliveTimeout = 1;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(port, host, resolve);
  try {
    await promise;
  } catch (error) {
    const code = fsErrorCode(error);
    if (code === 'EADDRINUSE' || code === 'EACCES') {
      throw new DriveError('signInPortBusy', { port: String(port) }, { cause: error });
    }
    if (host === '::1') return undefined;
    throw error;
  }
  return server;
}

/** The address bar holds the code: nothing of the page may tell it on. */
const headers = {
  'Content-Type': 'text/html; charset=utf-8',
  'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'",
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-store',
  Connection: 'close',
};

function render(text: string, title: string): string {
  return `<!doctype html><meta charset="utf-8"><meta name="color-scheme" content="light dark"><title>${escapeHtml(title)}</title>
<body style="font: 1rem/1.5 system-ui; margin: 20vh auto; max-width: 30em; text-align: center"><h1>${escapeHtml(title)}</h1><p>${escapeHtml(text)}</p>`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}
