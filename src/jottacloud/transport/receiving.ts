import http, { IncomingMessage } from 'node:http';
import https from 'node:https';
import type { OnReadOpts, Socket } from 'node:net';
import type { Readable } from 'node:stream';

/** Bytes that one read(2) of a connection brings at most: of a body that is read in place, and of all else, which is copied. */
const inPlaceBytes = 256 * 1024;
const copiedBytes = 64 * 1024;

/**
 * Where Node's HTTP parser keeps the function that takes the parts of a body. It copies each into fresh memory for that, which costs
 * a download more than all else together, garbage collection above all; without a function it only counts them.
 */
const takesBody = 3;

/** Takes bytes that it has copied when it returns; false where it wants no more until `resume`. */
type Take = (chunk: Buffer) => boolean;

interface Receiver {
  readonly take: Take;
  /** Bytes of the body that are to come. */
  left: number;
}

/** Receivers by their connection; undefined while a connection of these agents is used as any other. */
const receivers = new WeakMap<Socket, Receiver | undefined>();

/**
 * From now on the bytes of `body` go to `take` as they lie in the memory they are received in; the end and errors are heard of
 * `body`. Answers how to go on after `take` wanted no more; undefined, and nothing is changed, where the length of the body is not
 * known or its connection is not one of these agents.
 */
export function tryReadInPlace(body: Readable, take: Take): (() => void) | undefined {
  if (!(body instanceof IncomingMessage) || body.complete || body.readableDidRead) return undefined;
  const { socket, headers } = body;
  const length = headers['transfer-encoding'] === undefined ? Number(headers['content-length']) : Number.NaN;
  if (!receivers.has(socket) || !Number.isSafeInteger(length)) return undefined;
  let left = length;
  for (let early: Buffer | null = body.read(); early !== null; early = body.read()) {
    left -= early.length;
    take(early);
  }
  receivers.set(socket, { take, left });
  body.resume();
  return () => void socket.resume();
}

/** Connections whose bytes can be read in place. */
export class ReceivingAgent extends http.Agent {
  override createConnection(...[options, callback]: Parameters<http.Agent['createConnection']>) {
    return connect((onread) => super.createConnection({ ...options, ...onread }, callback));
  }
}

/** ReceivingAgent over TLS. */
export class SecureReceivingAgent extends https.Agent {
  override createConnection(...[options, callback]: Parameters<https.Agent['createConnection']>) {
    return connect((onread) => super.createConnection({ ...options, ...onread }, callback));
  }
}

type Made = ReturnType<http.Agent['createConnection']>;

function connect(make: (onread: { onread: OnReadOpts }) => Made): Made {
  const memory = Buffer.allocUnsafeSlow(inPlaceBytes);
  let socket: Socket | undefined;
  const getReceiver = () => (socket === undefined ? undefined : receivers.get(socket));
  const made = make({
    onread: {
      buffer: () => (getReceiver() === undefined ? memory.subarray(0, copiedBytes) : memory),
      callback: (length) => {
        const chunk = memory.subarray(0, length);
        const receiver = getReceiver();
        if (receiver !== undefined) return receive(socket as Socket, receiver, chunk);
        socket?.emit('data', Buffer.from(chunk));
        return true;
      },
    },
  });
  socket = made as Socket;
  receivers.set(socket, undefined);
  return made;
}

/** The parser follows, so that it knows where the body ends, and the connection serves the next request. */
function receive(socket: Socket & { parser?: object | null }, receiver: Receiver, chunk: Buffer): boolean {
  const part = chunk.subarray(0, receiver.left);
  receiver.left -= part.length;
  const isEnd = receiver.left === 0;
  if (isEnd) receivers.set(socket, undefined);
  const wantsMore = receiver.take(part);
  const parser = socket.parser as Record<number, unknown> | null | undefined;
  const taker = parser?.[takesBody];
  if (parser) parser[takesBody] = null;
  try {
    socket.emit('data', part);
  } finally {
    if (parser) parser[takesBody] = taker;
  }
  // More than was announced is for the parser to judge.
  if (part.length < chunk.length) socket.emit('data', Buffer.from(chunk.subarray(part.length)));
  return wantsMore || isEnd;
}
