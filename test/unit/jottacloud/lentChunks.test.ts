import assert from 'node:assert/strict';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import net, { type AddressInfo, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { isJottaError } from '../../../src/jottacloud/errors.ts';
import type { HttpAnswer } from '../../../src/jottacloud/transport/http.ts';
import { lentChunksOf } from '../../../src/jottacloud/transport/lentChunks.ts';
import { ReceivingAgent, SecureReceivingAgent, tryReadInPlace } from '../../../src/jottacloud/transport/receiving.ts';

import { createAuthority } from '../../emulator/certificates.ts';

const mebibyte = 1024 * 1024;
const content = Buffer.alloc(5 * mebibyte + 77).map((_, at) => (at * 31 + (at >> 8) + (at >> 16)) & 255) as Buffer;

let server: http.Server;
let agent: http.Agent;
let answer: (response: ServerResponse) => void;

beforeEach(async () => {
  agent = new ReceivingAgent({ keepAlive: true, maxSockets: 4 });
  server = http.createServer((_, response) => answer(response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  agent.destroy();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function get(
  from = agent,
  port = (server.address() as AddressInfo).port,
): Promise<HttpAnswer & { body: IncomingMessage; socket: Socket }> {
  const body = await new Promise<IncomingMessage>((resolve, reject) => {
    http.get({ port, host: '127.0.0.1', agent: from }, resolve).on('error', reject);
  });
  return { status: 200, header: (name) => String(body.headers[name]), body, socket: body.socket };
}

/** The bytes, and the memory that they came in. */
async function receive(from: HttpAnswer, pauseMs = 0) {
  const memory = new Set<ArrayBufferLike>();
  const parts: Buffer[] = [];
  for await (const chunk of lentChunksOf(from, 10_000)) {
    if (pauseMs > 0) await delay(pauseMs);
    memory.add(chunk.buffer);
    parts.push(Buffer.from(chunk));
  }
  return { bytes: Buffer.concat(parts), memory };
}

describe('lent chunks of a body', () => {
  it('are the bytes of the body, in memory that is used again, and leave the connection to the next request', async () => {
    answer = (response) => response.writeHead(200, { 'Content-Length': content.length }).end(content);
    const sockets = new Set<Socket>();
    for (let round = 0; round < 3; round += 1) {
      const answered = await get();
      sockets.add(answered.socket);
      const { bytes, memory } = await receive(answered);
      assert.ok(bytes.equals(content));
      assert.ok(memory.size <= 8, `${memory.size} buffers`);
    }
    assert.equal(sockets.size, 1);
  });

  it('wait for a slow reader', async () => {
    answer = (response) => response.writeHead(200, { 'Content-Length': content.length }).end(content);
    const answers = await Promise.all([get(), get(), get()]);
    const received = await Promise.all(answers.map((each, at) => receive(each, at * 5)));
    assert.ok(received.every(({ bytes, memory }) => bytes.equals(content) && memory.size <= 12));
  });

  it('are the same of a body whose length was not announced, and over connections of other agents', async () => {
    answer = (response) => {
      for (let at = 0; at < content.length; at += 100_000) response.write(content.subarray(at, at + 100_000));
      response.end();
    };
    assert.ok((await receive(await get(), 2)).bytes.equals(content));
    answer = (response) => response.writeHead(200, { 'Content-Length': content.length }).end(content);
    const other = new http.Agent({ keepAlive: true });
    assert.ok((await receive(await get(other))).bytes.equals(content));
    other.destroy();
  });

  it('leave other bodies of their connection to whoever keeps the chunks', async () => {
    answer = (response) => response.writeHead(200, { 'Content-Length': content.length }).end(content);
    await receive(await get());
    const { body } = await get();
    const parts: Buffer[] = [];
    for await (const chunk of body) parts.push(chunk);
    await receive(await get());
    assert.ok(Buffer.concat(parts).equals(content));
  });

  it('go on with what had come before they were asked for', async () => {
    answer = (response) => response.writeHead(200, { 'Content-Length': content.length }).end(content);
    const answered = await get();
    await delay(50);
    assert.ok((await receive(answered)).bytes.equals(content));
  });

  it('end with an error when the body is cut', async () => {
    answer = (response) => {
      response.writeHead(200, { 'Content-Length': content.length });
      response.write(content.subarray(0, 2 * mebibyte), () => response.destroy());
    };
    await assert.rejects(receive(await get()), (error) => isJottaError(error, 'offline'));
  });

  it('never hold bytes beyond the announced length', async () => {
    const head = (length: number) => `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`;
    const answers = [
      Buffer.concat([Buffer.from(head(content.length)), content, Buffer.from(`${head(3)}abc`)]),
      Buffer.from(`${head(5)}right`),
    ];
    const raw = net.createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', () => socket.write(answers.shift() ?? ''));
    });
    await new Promise<void>((resolve) => raw.listen(0, '127.0.0.1', resolve));
    try {
      const port = (raw.address() as AddressInfo).port;
      assert.ok((await receive(await get(agent, port))).bytes.equals(content));
      assert.equal(String((await receive(await get(agent, port))).bytes), 'right');
    } finally {
      agent.destroy();
      raw.close();
    }
  });
});

describe('lent chunks of a body that comes over TLS', () => {
  let secureServer: https.Server;
  let secureAgent: https.Agent;

  beforeEach(async () => {
    const authority = await createAuthority();
    secureAgent = new SecureReceivingAgent({ keepAlive: true, maxSockets: 4, ca: authority.cert });
    secureServer = https.createServer(await authority.issue('good'), (_, response) =>
      response.writeHead(200, { 'Content-Length': content.length }).end(content),
    );
    await new Promise<void>((resolve) => secureServer.listen(0, '127.0.0.1', resolve));
  });
  afterEach(async () => {
    secureAgent.destroy();
    secureServer.closeAllConnections();
    await new Promise((resolve) => secureServer.close(resolve));
  });

  const getSecurely = async () => {
    const { port } = secureServer.address() as AddressInfo;
    const body = await new Promise<IncomingMessage>((resolve, reject) => {
      https.get({ port, host: '127.0.0.1', agent: secureAgent }, resolve).on('error', reject);
    });
    return { status: 200, header: (name: string) => String(body.headers[name]), body, socket: body.socket };
  };

  it('are the bytes of the body, in the order of requests, beside bodies that are kept', async () => {
    const sockets = new Set<Socket>();
    for (let round = 0; round < 3; round += 1) {
      const answered = await getSecurely();
      sockets.add(answered.socket);
      assert.ok((await receive(answered, round)).bytes.equals(content));
      const { body } = await getSecurely();
      const parts: Buffer[] = [];
      for await (const chunk of body) parts.push(chunk);
      assert.ok(Buffer.concat(parts).equals(content));
    }
    assert.equal(sockets.size, 1);
  });

  it('are taken from the memory that the connection reads into', async () => {
    const { body } = await getSecurely();
    const parts: Buffer[] = [];
    const memory = new Set<ArrayBufferLike>();
    const resume = tryReadInPlace(body, (chunk) => {
      parts.push(Buffer.from(chunk));
      memory.add(chunk.buffer);
      return true;
    });
    assert.ok(resume !== undefined);
    await new Promise((resolve) => body.once('end', resolve));
    assert.ok(Buffer.concat(parts).equals(content));
    // One for all but what had come with the head.
    assert.ok(memory.size < 20, `${memory.size} buffers`);
  });
});
