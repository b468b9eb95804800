import { createServer, type IncomingMessage } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import type { Emulator } from '../emulator/emulator.ts';
import { atEnd } from '../support/emulation.ts';

export interface ProxyRules {
  /** The Proxy-Authorization it wants; without it, or with another, the answer is 407. */
  authorization?: string;
  /** Answers this status to every CONNECT. */
  refuse?: number;
  /** Takes connections and says nothing. */
  silent?: boolean;
  /** Serves TLS itself. */
  tls?: { key: Buffer; cert: Buffer };
}

export interface TestProxy {
  port: number;
  /** Targets of the CONNECTs it got, in order, refused ones too. */
  targets: string[];
}

/** An HTTP proxy on 127.0.0.1 that tunnels to the emulator's TLS side. Closes with the test. */
export async function startProxy(test: TestContext, emulator: Emulator, rules: ProxyRules = {}): Promise<TestProxy> {
  const targets: string[] = [];
  const server = rules.tls === undefined ? createServer() : createTlsServer(rules.tls);
  server.on('connect', (request: IncomingMessage, stream, head: Buffer) => {
    const client = stream as Socket;
    client.on('error', () => {});
    targets.push(request.url ?? '');
    if (rules.silent) return;
    const known = rules.authorization ?? request.headers['proxy-authorization'];
    const status = rules.refuse ?? (request.headers['proxy-authorization'] === known ? 200 : 407);
    if (status !== 200) {
      client.end(`HTTP/1.1 ${status} No\r\ncontent-length: 5\r\nproxy-authenticate: Basic\r\n\r\nnever`);
      return;
    }
    // The emulator answers CONNECT itself: what it says goes to the client as it is. It is every host at once.
    const inner = connectTo(emulator, client);
    inner.write('CONNECT jfs.jottacloud.com:443 HTTP/1.1\r\nhost: jfs.jottacloud.com\r\n\r\n');
    inner.write(head);
    client.pipe(inner).pipe(client);
  });
  return { port: await listen(test, server), targets };
}

/** A SOCKS 5 proxy without passwords (RFC 1928), for CONNECT to host names. */
export async function startSocksProxy(test: TestContext, emulator: Emulator): Promise<TestProxy> {
  const targets: string[] = [];
  const server = createTcpServer((client) => {
    client.on('error', () => {});
    client.once('data', () => {
      client.write(Buffer.from([5, 0]));
      client.once('data', (request: Buffer) => {
        const length = request[4] ?? 0;
        const host = request.subarray(5, 5 + length).toString();
        const target = `${host}:${request.readUInt16BE(5 + length)}`;
        targets.push(target);
        const inner = connectTo(emulator, client);
        inner.write(`CONNECT ${target} HTTP/1.1\r\nhost: ${target}\r\n\r\n`);
        inner.once('data', () => {
          client.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
          client.pipe(inner).pipe(client);
        });
      });
    });
  });
  return { port: await listen(test, server), targets };
}

function connectTo(emulator: Emulator, client: Socket): Socket {
  const inner = connect(Number(new URL(emulator.url).port), '127.0.0.1');
  inner.on('error', () => client.destroy());
  client.on('close', () => inner.destroy());
  inner.on('close', () => client.destroy());
  return inner;
}

async function listen(test: TestContext, server: Server): Promise<number> {
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  atEnd(test, async () => {
    for (const socket of open) socket.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return (server.address() as AddressInfo).port;
}

/** A port nobody listens on. */
export async function closedPort(): Promise<number> {
  const server = createTcpServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}
