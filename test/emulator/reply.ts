/** What a handler answers; the listener adds length, shaping and faults. */
export interface Reply {
  status: number;
  headers: Record<string, string>;
  body: string | AsyncIterable<Uint8Array | string>;
  /** Exact length of a streamed body, when known. */
  length?: number;
}

export function xmlReply(body: string, status = 200): Reply {
  return { status, headers: { 'content-type': 'application/xml;charset=UTF-8' }, body };
}

export function jsonReply(value: unknown, status = 200): Reply {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) };
}
