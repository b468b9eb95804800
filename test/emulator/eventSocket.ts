import { randomBytes } from 'node:crypto';
import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { authenticate } from './auth.ts';
import type { Context } from './context.ts';
import { ServiceError } from './errors.ts';
import { type Reply, xmlReply } from './reply.ts';
import { escapeText, prolog } from './xmlText.ts';

/** The event socket of PROTOCOL.md §4: who may connect, who is connected, what they are told. */
export interface EventHub {
  /** A token that opens connections from now on. */
  newToken(): string;
  isToken(token: string): boolean;
  accept(request: IncomingMessage, socket: Duplex, head: Buffer, silent: boolean): void;
  /** Sends an event to all subscribers. */
  publish(uuid: string, frame: string): void;
  /** Sends any text to all connections, subscribed or not. */
  sendRaw(text: string): void;
  /** Connections that have subscribed. */
  subscribers(): number;
  /** Cuts every connection without a goodbye. */
  cut(): void;
}

const maxClientFrameBytes = 64 * 1024;

export function openEventHub(): EventHub {
  const server = new WebSocketServer({ noServer: true, maxPayload: maxClientFrameBytes });
  const tokens = new Set<string>();
  const subscribed = new Set<WebSocket>();
  let lastUuid: string = crypto.randomUUID();
  const converse = (socket: WebSocket, text: string) => {
    const message = parseMessage(text);
    if ('SUBSCRIBE' in message) {
      subscribed.add(socket);
      const { path } = Object(message.SUBSCRIBE) as { path?: unknown };
      socket.send(JSON.stringify({ SUBSCRIBE: { LAST_UUID: lastUuid, PATH: String(path ?? '') } }));
    } else if ('PING' in message) socket.send(JSON.stringify({ PONG: 'ok' }));
  };
  return {
    newToken() {
      const token = randomBytes(24).toString('base64url');
      tokens.add(token);
      return token;
    },
    isToken: (token) => tokens.has(token),
    accept(request, stream, head, silent) {
      server.handleUpgrade(request, stream, head, (socket) => {
        socket.on('error', () => {});
        socket.on('close', () => subscribed.delete(socket));
        if (!silent) socket.on('message', (data: RawData) => converse(socket, String(data)));
      });
    },
    publish(uuid, frame) {
      lastUuid = uuid;
      for (const socket of subscribed) socket.send(frame);
    },
    sendRaw(text) {
      for (const socket of server.clients) socket.send(text);
    },
    subscribers: () => subscribed.size,
    cut() {
      for (const socket of server.clients) socket.terminate();
    },
  };
}

function parseMessage(text: string): object {
  try {
    return Object(JSON.parse(text)) as object;
  } catch {
    return {};
  }
}

const tokenPattern = /^\/rest\/token\/([^/]+)\/createToken$/;
const socketPattern = /^\/ws\/([^/]+)\/([^/]+)$/;

export function isTokenPath(rawPath: string): boolean {
  return tokenPattern.test(rawPath);
}

/** `GET /rest/token/<user>/createToken` on jfs (quirk `eventSocket`). */
export function createToken(context: Context, rawPath: string, authorization: string | undefined): Reply {
  const { account, quirks, events } = context;
  authenticate(context, authorization, decodeURIComponent(tokenPattern.exec(rawPath)?.[1] ?? ''));
  if (quirks.eventSocket === 'no-token') throw new ServiceError(404, 'NotFoundException', `GET ${rawPath}`);
  if (quirks.eventSocket === 'forbidden') throw new ServiceError(403, 'ForbiddenException', 'No event token');
  const user = escapeText(account.user);
  const token = events.newToken();
  return xmlReply(`${prolog}<token><username>${user}</username><authToken>${token}</authToken></token>`);
}

/** Answers an upgrade of `/ws/<user>/<authToken>`; faults may refuse it with a status or reset it. */
export function upgradeToEvents(context: Context, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const rawPath = request.url ?? '';
  context.stats.count('eventSocket');
  socket.on('error', () => {});
  const faults = context.faults.take({ kind: 'eventSocket', method: 'GET', path: rawPath });
  if (faults.some(({ type }) => type === 'reset')) {
    socket.destroy();
    return;
  }
  const status = faults.find((fault) => fault.type === 'status')?.status ?? refusalOf(context, rawPath);
  if (status === undefined) context.events.accept(request, socket, head, context.quirks.eventSocket === 'silent');
  else socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}

function refusalOf({ account, events, quirks }: Context, rawPath: string): number | undefined {
  const [, user, token] = socketPattern.exec(rawPath) ?? [];
  if (user === undefined || token === undefined) return 404;
  if (quirks.eventSocket === 'refused') return 403;
  const known = user.toLowerCase() === encodeURIComponent(account.user).toLowerCase() && events.isToken(token);
  return known ? undefined : 401;
}
