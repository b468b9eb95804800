import { createServer, type IncomingHttpHeaders, type IncomingMessage, request as send } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

export interface Asked {
  readonly method: string;
  /** Path and query, as they are on the wire. */
  url: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** What stands between drive and service does to a request, or to its answer. */
export interface Mangle {
  /** Changes the request; or answers it, so that the service never hears of it. */
  readonly ask?: (asked: Asked, origin: string) => Answer | undefined;
  /** Changes the answer; `asked` is what the service was asked. */
  readonly answer?: (answer: Answer, asked: Asked, origin: string) => void;
}

export interface Mangler {
  readonly url: string;
  /** From the next request on. */
  use(mangle: Mangle): void;
  /** How many requests or answers were changed since `use`. */
  count(): number;
  close(): Promise<void>;
}

/** An HTTP proxy in front of `target` that takes every request and every answer whole, and lets a mangle at them. */
export async function startMangler(target: string): Promise<Mangler> {
  const { port } = new URL(target);
  let mangle: Mangle = {};
  let changed = 0;
  const sockets = new Set<Socket>();
  const pass = async (incoming: IncomingMessage): Promise<Answer> => {
    const { ask, answer: change } = mangle;
    const origin = `http://${incoming.headers.host}`;
    const asked = { method: incoming.method ?? '', url: incoming.url ?? '', headers: { ...incoming.headers } };
    const whole: Asked = { ...asked, body: await readWhole(incoming) };
    const before = describe(whole);
    const own = ask?.(whole, origin);
    if (own !== undefined || describe(whole) !== before) changed += 1;
    if (own !== undefined) return own;
    const answer = await forward(port, whole);
    const came = describe(answer);
    change?.(answer, whole, origin);
    if (describe(answer) !== came) changed += 1;
    return answer;
  };
  const server = createServer((incoming, outgoing) => {
    pass(incoming).then(
      ({ status, headers, body }) => {
        const { 'transfer-encoding': _, ...kept } = headers;
        outgoing.writeHead(status, kept);
        outgoing.end(body);
      },
      () => outgoing.destroy(),
    );
  });
  // Events are not mangled: they only tell what to look at.
  server.on('upgrade', (incoming, socket: Socket) => {
    const inner = connect(Number(port), '127.0.0.1');
    for (const each of [socket, inner]) each.on('error', () => {});
    socket.on('close', () => inner.destroy());
    inner.on('close', () => socket.destroy());
    const lines = Object.entries(incoming.headers).map(([name, value]) => `${name}: ${value}`);
    inner.write([`${incoming.method} ${incoming.url} HTTP/1.1`, ...lines, '', ''].join('\r\n'));
    socket.pipe(inner).pipe(socket);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    use: (next) => {
      mangle = next;
      changed = 0;
    },
    count: () => changed,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function describe({ body, ...rest }: Asked | Answer): string {
  return `${JSON.stringify(rest)} ${body.length < 1_000_000 ? body.toString('latin1') : body.length}`;
}

async function readWhole(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function forward(port: string, { method, url, headers, body }: Asked): Promise<Answer> {
  const sent = { ...headers, ...(method === 'POST' ? { 'content-length': String(body.length) } : {}) };
  return new Promise((resolve, reject) => {
    const request = send({ host: '127.0.0.1', port, method, path: url, headers: sent }, (incoming) => {
      const { statusCode: status = 0, headers: came } = incoming;
      readWhole(incoming).then((whole) => resolve({ status, headers: came, body: whole }), reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}
