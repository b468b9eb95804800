import type { Agent } from 'node:http';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { AxiosInstance, AxiosRequestConfig } from 'axios';
import type { Log } from '../../base/log.ts';
import { JottaError } from '../errors.ts';
import type { ClientLimits } from '../limits.ts';
import { type Agents, createAgents, type Network, plainNetwork } from './agents.ts';
import { startDeadline } from './deadline.ts';
import { requestDirect } from './direct.ts';
import { toTransportError } from './transportErrors.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  /** What the request is about: one of these names may be why it is refused. */
  readonly names?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  /** Chunks only with `direct`: each is free for the next one's bytes when the next is asked for. */
  readonly body?: Buffer | AsyncIterable<Buffer>;
  /** Ms until the status line must be there. A caller that watches the body itself (upload) passes Infinity. */
  readonly firstByteMs: number;
  /** One of many that come together, or waited for by a start: sent without axios (direct.ts). */
  readonly direct?: boolean;
  /** The answer to a `direct` request may come compressed; without axios it does not otherwise. */
  readonly gzip?: boolean;
}

/** Any status. `body` must be read to its end or destroyed; it dies with the request's signal. */
export interface HttpAnswer {
  readonly status: number;
  readonly header: (name: string) => string | undefined;
  readonly body: Readable;
}

export interface Http {
  /** Rejects with JottaError: 'offline', 'timeout', 'certificate', 'proxy', 'cancelled'. Never follows redirects. */
  send(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer>;
  readonly limits: ClientLimits;
  readonly log: Log;
  /** For connections that are not HTTP but take the same way, as the event socket. */
  readonly agents: Agents;
  /** Aborts what runs and closes idle connections; calls made afterwards fail with 'cancelled'. */
  close(): void;
}

export interface HttpOptions {
  readonly userAgent: string;
  readonly limits: ClientLimits;
  readonly log: Log;
  /** Absent: direct connections. */
  readonly network?: Network | undefined;
}

/** axios with keep-alive agents and streamed answers. Proxies are the agents' business (agents.ts), never axios'. */
export function createHttp({ userAgent, limits, log, network = plainNetwork }: HttpOptions): Http {
  const agents = createAgents(network, limits, log);
  const closed = new AbortController();
  let instance: Promise<AxiosInstance> | undefined;
  const getInstance = () => (instance ??= createInstance());
  return {
    limits,
    log,
    agents,
    send: (request, signal) => send(getInstance, agents, request, userAgent, AbortSignal.any([signal, closed.signal])),
    close() {
      closed.abort(new JottaError('cancelled', 'the client is closed'));
      agents.destroy();
    },
  };
}

/** Loaded by the first request that needs it, not with the process: it looks for `fetch`, and Node loads undici then. */
async function createInstance(): Promise<AxiosInstance> {
  const { default: axios } = await import('axios');
  return axios.create({
    proxy: false,
    responseType: 'stream',
    maxRedirects: 0,
    validateStatus: () => true,
    transformRequest: [(data: unknown) => data],
  });
}

async function send(
  getInstance: () => Promise<AxiosInstance>,
  agents: Agents,
  request: HttpRequest,
  userAgent: string,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const deadline = startDeadline(signal, request.firstByteMs, 'no answer from the server');
  try {
    const url = new URL(request.url);
    const agent = agents.getAgentFor(url);
    const { status, headers, body } = request.direct
      ? await sendDirect(request, url, agent, userAgent, deadline.signal)
      : await sendByAxios(await getInstance(), request, agent, userAgent, deadline.signal);
    // Errors are read by whoever iterates; without a listener an early one would end the process.
    body.on('error', () => {});
    const destroy = () => body.destroy(toTransportError(signal.reason, signal));
    if (signal.aborted) destroy();
    else signal.addEventListener('abort', destroy, { once: true });
    body.once('close', () => signal.removeEventListener('abort', destroy));
    return {
      status,
      body,
      header: (name) => {
        const value = headers[name];
        return value === undefined || value === null ? undefined : String(value);
      },
    };
  } catch (error) {
    throw toTransportError(error, deadline.signal);
  } finally {
    deadline.stop();
  }
}

interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Readable;
}

async function sendByAxios(
  instance: AxiosInstance,
  request: HttpRequest,
  agent: Agent,
  userAgent: string,
  signal: AbortSignal,
): Promise<Answered> {
  const config = toAxios(request, userAgent, signal);
  const response = await instance.request<Readable>({ ...config, httpAgent: agent, httpsAgent: agent });
  return { status: response.status, headers: response.headers, body: response.data };
}

async function sendDirect(
  { method, body, headers: given, gzip = false }: HttpRequest,
  url: URL,
  agent: Agent,
  userAgent: string,
  signal: AbortSignal,
): Promise<Answered> {
  const isStream = body !== undefined && !Buffer.isBuffer(body);
  const length = method === 'GET' || isStream ? {} : { 'Content-Length': String(body?.length ?? 0) };
  const coding = { 'Accept-Encoding': gzip ? 'gzip' : 'identity' };
  const headers = { 'User-Agent': userAgent, Accept: '*/*', ...length, ...given, ...coding };
  const answer = await requestDirect({ method, url, headers, body, agent, signal });
  const isPacked = gzip && answer.headers['content-encoding'] === 'gzip';
  return { status: answer.statusCode ?? 0, headers: answer.headers, body: isPacked ? unpack(answer) : answer };
}

/** Ends as the answer does, early or not, and ends the answer when it is left early itself. */
function unpack(answer: Readable): Readable {
  return pipeline(answer, createGunzip(), () => undefined);
}

function toAxios(request: HttpRequest, userAgent: string, signal: AbortSignal): AxiosRequestConfig {
  const headers: Record<string, string | false> = { 'User-Agent': userAgent, Accept: '*/*', ...request.headers };
  if (request.method === 'POST') {
    // Commands carry no body and no type: with a type they would be taken as uploads (PROTOCOL.md §2.1).
    headers['Content-Type'] ??= false;
    if (request.body === undefined) headers['Content-Length'] = '0';
  }
  return {
    method: request.method,
    url: request.url,
    headers,
    signal,
    ...(request.body === undefined ? {} : { data: request.body }),
  };
}
