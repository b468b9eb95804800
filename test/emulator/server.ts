import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { parseCall } from './call.ts';
import type { Context } from './context.ts';
import { handleControl } from './control.ts';
import { errorForm, errorReply } from './errors.ts';
import { upgradeToEvents } from './eventSocket.ts';
import { exchange } from './exchange.ts';
import type { Switchable } from './outage.ts';

export interface Listener extends Switchable {
  port: number;
  /** Cuts every connection and waits for the requests under way to notice. */
  close(): Promise<void>;
}

/** What every listener of the emulator shares: no time limits of its own, room for long names in URLs. */
export const listenerOptions = {
  requestTimeout: 0,
  headersTimeout: 0,
  keepAliveTimeout: 60_000,
  maxHeaderSize: 65_536,
};

/** Listens on 127.0.0.1 for every endpoint, and tunnels CONNECT for *.jottacloud.com:443 to `tlsPort` (PROTOCOL.md §7). */
export async function listen(context: Context, port: number, tlsPort: number | undefined): Promise<Listener> {
  const server = createServer(listenerOptions);
  const serving = serveRequests(context, server, 'connection');
  const tunnels = new Set<Socket>();
  server.on('connect', (request: IncomingMessage, stream, head: Buffer) => {
    const socket = stream as Socket;
    // Seen from outside, the connection is the TLS one inside the tunnel.
    serving.forget(socket);
    if (tlsPort === undefined || !/^[a-z0-9-]+\.jottacloud\.com:443$/.test(request.url ?? '')) {
      socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n');
      return;
    }
    const inner = connect(tlsPort, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      if (head.length) inner.write(head);
      socket.pipe(inner).pipe(socket);
    });
    for (const [end, other] of [
      [socket, inner],
      [inner, socket],
    ] as const) {
      tunnels.add(end);
      end.on('error', () => other.destroy());
      end.on('close', () => {
        tunnels.delete(end);
        other.destroy();
      });
    }
  });
  const taken = await bind(server, port);
  const cutTunnels = () => {
    for (const socket of tunnels) socket.destroy();
  };
  return {
    port: taken,
    async suspend() {
      cutTunnels();
      await serving.suspend();
    },
    resume: () => bind(server, taken).then(() => undefined),
    async close() {
      cutTunnels();
      await serving.close();
    },
  };
}

/** Listens on loopback; returns the port. Rejects when it cannot be had. */
export async function bind(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
  return (server.address() as AddressInfo).port;
}

/** Answers the requests of a listener; `event` is how it announces usable connections. */
export function serveRequests(context: Context, server: Server, event: 'connection' | 'secureConnection') {
  const open = new Set<Socket>();
  const working = new Set<Promise<void>>();
  const forget = (socket: Socket) => {
    if (open.delete(socket)) context.stats.connections(-1);
  };
  server.on(event, (socket: Socket) => {
    open.add(socket);
    context.stats.connections(1);
    socket.on('close', () => forget(socket));
    socket.setNoDelay(true);
  });
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const control = request.url?.startsWith('/_emulator/') === true;
    if (control) forget(request.socket);
    const handled = control
      ? handleControl(context, request, response)
      : answer(context, request, response, () => forget(request.socket));
    const work = handled.catch(() => void request.socket.destroy());
    working.add(work);
    void work.then(() => working.delete(work));
  });
  server.on('upgrade', (request: IncomingMessage, stream, head: Buffer) => {
    // A subscriber keeps its connection for good; it is no request under way.
    forget(request.socket);
    upgradeToEvents(context, request, stream, head);
  });
  const cut = () => {
    context.events.cut();
    server.closeAllConnections();
    for (const socket of open) socket.destroy();
  };
  const suspend = async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    cut();
    await closed;
  };
  return {
    forget,
    /** Cuts every connection. */
    cut,
    /** Stops listening, too. */
    suspend,
    async close() {
      await suspend();
      await Promise.all(working);
    },
  };
}

async function answer(
  context: Context,
  request: IncomingMessage,
  response: ServerResponse,
  forget: () => void,
): Promise<void> {
  const { call, failure } = parseCall(context, request);
  await exchange(
    context,
    call,
    request,
    response,
    forget,
    failure === undefined ? undefined : errorReply(failure, errorForm(call.rawPath)),
  );
}
