import http from 'node:http';
import https from 'node:https';
import { pipeline, type Readable } from 'node:stream';

/** What is sent as it stands here. A body that is a stream needs a Content-Length among the headers. */
export interface DirectRequest {
  readonly method: 'GET' | 'POST';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | Readable | undefined;
  readonly agent: http.Agent;
  readonly signal: AbortSignal;
}

/**
 * One request by Node's own client: half the processor time of axios, and for those that come by the thousand. Resolves with the
 * status line's answer, of any status; rejects as the connection, the body or the signal does.
 */
export function requestDirect({
  method,
  url,
  headers,
  body,
  agent,
  signal,
}: DirectRequest): Promise<http.IncomingMessage> {
  const answered = Promise.withResolvers<http.IncomingMessage>();
  const { request: start } = url.protocol === 'https:' ? https : http;
  const request = start(url, { method, headers, agent, signal });
  request.once('response', answered.resolve);
  // It stays for what comes after the answer, which the answer's own stream tells.
  request.on('error', answered.reject);
  if (body === undefined || Buffer.isBuffer(body)) request.end(body);
  else pipeline(body, request, (error) => error && answered.reject(error));
  return answered.promise;
}
