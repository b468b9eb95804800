import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { RequestKind } from './stats.ts';

/** A request as it came over the wire. It holds tokens: for tests in this process only. */
export interface RecordedRequest {
  kind: RequestKind;
  method: string;
  /** Path and query with every escape as it was sent. */
  url: string;
  /** By lower-case name. */
  headers: IncomingHttpHeaders;
  /** Body of a token or allocate request; empty for any other. */
  body: string;
  /** Status answered; undefined before that, or when the connection was cut first. */
  status: number | undefined;
}

export interface RequestLog {
  /** Adds a request that just arrived; its body and status are filled in later. */
  add(kind: RequestKind, request: IncomingMessage): RecordedRequest;
  /** The newest requests in order of arrival. */
  report(): RecordedRequest[];
  clear(): void;
}

/** Requests kept: far more than one test makes, and a bounded share of memory in a long run. */
const kept = 10_000;

export function keepRequestLog(): RequestLog {
  let requests: RecordedRequest[] = [];
  return {
    add(kind, { method = 'GET', url = '/', headers }) {
      const entry: RecordedRequest = { kind, method, url, headers, body: '', status: undefined };
      requests.push(entry);
      if (requests.length >= 2 * kept) requests = requests.slice(-kept);
      return entry;
    },
    report: () => structuredClone(requests.slice(-kept)),
    clear() {
      requests = [];
    },
  };
}
