import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import { afterEach, describe, it } from 'node:test';
import { constants, createBrotliCompress, createGzip, gzipSync } from 'node:zlib';
import { JottacloudClient } from '../../../src/jottacloud/client.ts';
import { isJottaError, type JottaErrorKind } from '../../../src/jottacloud/errors.ts';
import type { ClientLimits } from '../../../src/jottacloud/limits.ts';
import { createEndpoints } from '../../../src/jottacloud/urls.ts';
import { makeTokens } from '../../support/tokens.ts';

const never = new AbortController().signal;
const archive = ['Jotta', 'Archive'];
const of = (kind: JottaErrorKind) => (error: unknown) =>
  isJottaError(error, kind) || assert.fail(`not ${kind}: ${error}`);

const cleanups: (() => unknown)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function serve(handler: RequestListener): Promise<string> {
  const server = createServer(handler);
  const url = await listen(server);
  cleanups.push(() => server.closeAllConnections());
  return url;
}

/** A client whose service is at `url`; it tries everything once, so that a count of requests means something. */
function connect(url: string, limits: Partial<ClientLimits> = {}): JottacloudClient {
  const client = new JottacloudClient({
    endpoints: createEndpoints(url),
    tokens: makeTokens(url, { expiresAt: Date.now() + 3_600_000 }),
    vault: { saveTokens: async () => {} },
    userAgent: 'test',
    clock: { now: () => Date.now(), sleep: async () => {} },
    limits: { tries: 1, ...limits },
  });
  cleanups.push(() => client.close());
  return client;
}

/** Sends `next()` until the client has had enough; answers the bytes that went out. */
async function pour(response: ServerResponse, next: () => string): Promise<number> {
  let bytes = 0;
  while (!response.destroyed) {
    const text = next();
    bytes += text.length;
    if (!response.write(text)) {
      await new Promise<void>((resolve) => {
        response.once('drain', resolve);
        response.once('close', resolve);
      });
    }
  }
  return bytes;
}

const mebibyte = 1024 * 1024;

describe('an answer of no announced length to the wish for a part of a file', () => {
  const path = [...archive, 'a'];
  const part = { start: 2, end: 5, size: 10 };
  async function read(...chunks: string[]): Promise<string> {
    const url = await serve(async (_request, response) => {
      for (const chunk of chunks) await new Promise<void>((resolve) => void response.write(chunk, () => resolve()));
      response.end();
    });
    let text = '';
    for await (const chunk of await connect(url).download(path, part, never)) text += chunk;
    return text;
  }

  it('gives the part when all of it is as long as the file', async () => {
    assert.equal(await read('0123456789'), '234');
    assert.equal(await read('0', '123', '45', '6789'), '234');
    assert.equal(await read('01234', '56789'), '234');
  });

  it('is not the file when it is longer or shorter', async () => {
    await assert.rejects(read('0123456789', 'A'), of('corrupt'));
    await assert.rejects(read('0123456789A'), of('corrupt'));
    await assert.rejects(read('01234', '5678'), of('incomplete'));
    await assert.rejects(read('0123'), of('incomplete'));
  });
});

describe('an answer that describes something else', () => {
  it('does not say that the file is not there', async () => {
    const url = await serve((_request, response) => response.end('<playlist><track/></playlist>'));
    const client = connect(url);
    const { signal } = new AbortController();
    for (const ask of ['fetchFile', 'fetchRevisions', 'fetchKeptRevisions'] as const) {
      await assert.rejects(client[ask](['Jotta', 'Archive', 'a.txt'], signal), { kind: 'protocol' }, ask);
    }
  });
});

describe('an answer to another request', () => {
  const path = [...archive, 'Docs', 'a.txt'];
  const folder = [...archive, 'Docs'];
  const stamp = { size: 1, md5: '0'.repeat(32), created: 1, modified: 1 };
  const calls: Record<string, (client: JottacloudClient) => Promise<unknown>> = {
    fetchFolder: (client) => client.fetchFolder(folder, never),
    fetchFile: (client) => client.fetchFile(path, never),
    trashFile: (client) => client.trashFile(path, never),
    trashFolder: (client) => client.trashFolder(folder, never),
    createFolder: (client) => client.createFolder(folder, never),
    setFileTimes: (client) => client.setFileTimes(path, stamp, never),
    moveFile: (client) => client.moveFile(path, [...folder, 'b.txt'], never),
    allocate: (client) => client.allocate(path, { ...stamp, onConflict: 'newRevision' }, never),
  };
  const place = (parent: string) => `<abspath>/u0/Jotta/Archive/${parent}</abspath>`;
  const others: Record<string, string> = {
    'of another file': `<file name="other.txt" deleted="2026-01-01-T00:00:00Z">${place('Docs')}</file>`,
    'of a file of that name elsewhere': `<file name="a.txt" deleted="2026-01-01-T00:00:00Z">${place('Other')}</file>`,
    'of another folder': `<folder name="Other">${place('')}</folder>`,
    'of another mountpoint': '<mountPoint><name>Other</name></mountPoint>',
  };

  for (const [name, call] of Object.entries(calls)) {
    for (const [what, document] of Object.entries(others)) {
      it(`says nothing about this one: ${name}, ${what}`, async () => {
        const isAllocation = name === 'allocate';
        const text = isAllocation ? '{"name":"other.txt","state":"COMPLETED"}' : document;
        let asked = 0;
        const url = await serve((_request, response) => {
          asked += 1;
          response.end(text);
        });
        const tries = 3;
        await assert.rejects(call(connect(url, { tries })), { kind: 'protocol', retryable: true });
        assert.ok(asked >= tries, `asked ${asked} times`);
      });
    }
  }

  // What the client asked for first, answered once more to its command on the same connection.
  const live = (name: string, modified = 0) =>
    `<file name="${name}"><currentRevision><number>1</number><state>COMPLETED</state><size>1</size><md5>${stamp.md5}</md5>
    <modified>${new Date(modified * 1000).toISOString().replace('T', '-T').replace('.000', '')}</modified></currentRevision></file>`;
  const trashed = '<file name="a.txt" deleted="2026-01-01-T00:00:00Z"/>';
  const nothing = '<error><code>404</code><message>no.jotta.backup.errors.NoSuchFileException: gone</message></error>';
  for (const { name, call, answers } of [
    {
      name: 'a removal',
      call: (client: JottacloudClient) => client.trashFile(path, never),
      answers: [
        'GET a.txt',
        live('a.txt'),
        'POST a.txt',
        live('a.txt'),
        'GET a.txt',
        live('a.txt'),
        'POST a.txt',
        trashed,
      ],
    },
    {
      name: 'the removal of a folder',
      call: (client: JottacloudClient) => client.trashFolder(folder, never),
      answers: ['POST Docs', '<folder name="Docs"/>', 'GET Docs', '<folder name="Docs"/>'].concat(
        'POST Docs',
        '<folder name="Docs" deleted=""/>',
      ),
    },
    {
      name: 'the removal of a file that seems not to be there',
      call: (client: JottacloudClient) => client.trashFile(path, never),
      answers: [
        'GET a.txt',
        nothing,
        'GET a.txt',
        live('a.txt'),
        'POST a.txt',
        nothing,
        'GET a.txt',
        live('a.txt'),
      ].concat(['GET a.txt', live('a.txt'), 'POST a.txt', trashed]),
    },
    {
      name: 'a change of times',
      call: (client: JottacloudClient) => client.setFileTimes(path, { ...stamp, modified: 7 }, never),
      answers: ['GET a.txt', live('a.txt'), 'POST a.txt', live('a.txt'), 'GET a.txt', live('a.txt')].concat(
        'POST a.txt',
        live('a.txt', 7),
      ),
    },
    {
      name: 'a rename by case',
      call: (client: JottacloudClient) => client.moveFile(path, [...folder, 'A.txt'], never),
      answers: ['GET A.txt', live('a.txt'), 'POST a.txt', live('a.txt'), 'GET A.txt', live('a.txt')].concat(
        'POST a.txt',
        live('A.txt'),
      ),
    },
  ]) {
    it(`is not taken for ${name} that was carried out`, async () => {
      const left = [...answers];
      const url = await serve((request, response) => {
        const asked = `${request.method} ${request.url?.replace(/\?.*$/, '').split('/').at(-1)}`;
        assert.equal(asked, left.shift());
        const answer = left.shift();
        response.writeHead(answer === nothing ? 404 : 200).end(answer);
      });
      await call(connect(url, { tries: 3 }));
      assert.deepEqual(left, []);
    });
  }

  it('does not hinder the right one, whatever its case and however its letters are composed', async () => {
    const url = await serve((_request, response) => response.end(`<folder name="SKÅL"/>`));
    assert.deepEqual(await connect(url).fetchFolder([...archive, 'ska\u030al'], never), []);
  });
});

describe('an answer without an end', () => {
  const head = '<folder name="Archive"><folders>';
  const filler = 'a'.repeat(65_536);
  let serial = 0;
  for (const [what, begin, next] of [
    ['entries', head, () => '<folder name="a"/>'.repeat(4_000)],
    ['one name', `${head}<folder name="`, () => filler],
    ['one text', `${head}<folder><path>`, () => filler],
    ['one tag', `${head}<folder `, () => `a${serial++}="${filler}" `],
    ['a comment', `${head}<!--`, () => filler],
    ['depth', head, () => '<folder>'.repeat(8_000)],
    ['elements that are no entries', head.slice(0, 23), () => '<x/>'.repeat(16_000)],
    ['an entity', `${head}<folder name="&`, () => filler],
  ] as const) {
    it(`is refused before it fills the memory: ${what}`, async () => {
      let sent: Promise<number> | undefined;
      const url = await serve((_request, response) => {
        response.write(begin);
        sent = pour(response, next);
      });
      await assert.rejects(connect(url).fetchFolder(archive, never), of('protocol'));
      const bytes = await sent;
      assert.ok(bytes !== undefined && bytes < 40 * mebibyte, `${bytes} bytes were taken`);
    });
  }

  it('is refused at the limit of a whole listing, and of JSON', async () => {
    let sent: Promise<number> | undefined;
    const url = await serve((request, response) => {
      const isListing = request.url?.startsWith('/jfs') === true;
      response.write(isListing ? head : '{"username":"');
      sent = pour(response, () => (isListing ? '<folder name="a"/><x/>'.repeat(100) : filler));
    });
    const client = connect(url, { maxXmlBytes: mebibyte });
    await assert.rejects(client.fetchFolder(archive, never), of('protocol'));
    assert.ok(((await sent) ?? 0) < 8 * mebibyte);
    await assert.rejects(client.fetchCustomer(never), of('protocol'));
    assert.ok(((await sent) ?? 0) < 8 * mebibyte);
  });

  it('is refused when the headers do not end, or are none', async () => {
    for (const text of [`HTTP/1.1 200 OK\r\n${`X-A: ${'a'.repeat(1_000)}\r\n`.repeat(100)}`, 'SSH-2.0-OpenSSH\r\n']) {
      const url = await listen(createTcpServer((socket) => void socket.on('error', () => {}).write(text)));
      await assert.rejects(connect(url).fetchFolder(archive, never), of('protocol'));
    }
  });

  it('is a timeout when nothing but interim answers comes', async () => {
    const url = await listen(
      createTcpServer((socket) => {
        const send = () => {
          while (!socket.destroyed && socket.write('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'.repeat(100)));
        };
        socket.on('error', () => {}).on('drain', send);
        send();
      }),
    );
    const limits = { firstByteMs: 200, metadataMs: 200, listingFirstByteMs: 200 };
    await assert.rejects(connect(url, limits).fetchFolder(archive, never), of('timeout'));
    await assert.rejects(connect(url, limits).fetchCustomer(never), of('timeout'));
  });

  it('is read when it comes compressed, and refused when its end is missing or its bytes are damaged', async () => {
    const packed = gzipSync('<folder name="Archive"><folders><folder name="Docs"/></folders></folder>');
    const damaged = Buffer.from(packed);
    damaged.fill(0xff, 20, 40);
    const answers = [packed, packed.subarray(0, packed.length - 20), damaged];
    const url = await serve((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(answers.shift());
    });
    const client = connect(url);
    const entries = await client.fetchFolder(archive, never);
    assert.deepEqual(
      entries.map(({ name }) => name),
      ['Docs'],
    );
    await assert.rejects(client.fetchFolder(archive, never), of('offline'));
    await assert.rejects(client.fetchFolder(archive, never), of('offline'));
    assert.deepEqual(answers, []);
  });

  it('is refused before it is unpacked: a bomb of a content coding, whatever the status', async () => {
    // At its best, which is the default, brotli takes seconds for what nobody reads.
    const brotli = () => createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: 1 } });
    for (const [coding, pack] of Object.entries({ gzip: createGzip, br: brotli })) {
      let unpacked = 0;
      const url = await serve((request, response) => {
        unpacked = 0;
        const isError = request.url?.startsWith('/account') === true;
        response.writeHead(isError ? 500 : 200, { 'content-encoding': coding });
        const packing = pack();
        packing.pipe(response);
        const spaces = Buffer.alloc(mebibyte, ' ');
        const send = () => {
          while (!response.destroyed && unpacked < 2_000 * mebibyte) {
            unpacked += spaces.length;
            if (!packing.write(spaces)) return;
          }
        };
        packing.on('drain', send);
        send();
      });
      await assert.rejects(connect(url).fetchFolder(archive, never), of('protocol'));
      await assert.rejects(connect(url).fetchCustomer(never), of('server'));
      const range = { start: 0, end: 100, size: 100 };
      await assert.rejects(connect(url).download([...archive, 'a'], range, never), of('protocol'));
      assert.ok(unpacked < 2_000 * mebibyte, coding);
    }
  });

  it('is a timeout when it only drips', async () => {
    const url = await serve((_request, response) => {
      response.write(head);
      const timer = setInterval(() => response.write(' '), 10);
      response.on('close', () => clearInterval(timer));
    });
    const limits = { listingMs: 200, listStreamMs: 200, metadataMs: 200, patientIdleMs: 100, bodyIdleMs: 100 };
    const streamed = connect(url, limits).liststream(archive, never)[Symbol.asyncIterator]();
    await assert.rejects(streamed.next(), of('timeout'));
    await assert.rejects(connect(url, limits).fetchFolder(archive, never), of('timeout'));
    await assert.rejects(connect(url, limits).fetchCustomer(never), of('timeout'));
  });
});

describe('a bomb of entities', () => {
  it('is refused with the first word of its DOCTYPE', async () => {
    const bomb = `<!DOCTYPE f [<!ENTITY a "aaaaaaaaaa">${Array.from({ length: 20 }, (_, i) => {
      const name = String.fromCharCode(98 + i);
      return `<!ENTITY ${name} "${`&${String.fromCharCode(97 + i)};`.repeat(10)}">`;
    }).join('')}]><folder name="&u;"/>`;
    const url = await serve((_request, response) => void response.end(bomb));
    await assert.rejects(connect(url).fetchFolder(archive, never), of('protocol'));
  });
});

describe('a redirect', () => {
  it('is not followed, so that no token goes where it points', async () => {
    const seen: IncomingMessage[] = [];
    const elsewhere = await serve((request, response) => {
      seen.push(request);
      response.end();
    });
    for (const status of [301, 302, 303, 307, 308]) {
      const url = await serve((_request, response) => response.writeHead(status, { location: elsewhere }).end());
      const client = connect(url);
      await assert.rejects(client.fetchFolder(archive, never), of('protocol'));
      await assert.rejects(client.createFolder([...archive, 'F'], never), of('protocol'));
    }
    assert.deepEqual(seen, []);
  });
});

describe('an answer with absurd numbers', () => {
  it('gives sizes that can be counted with, or none', async () => {
    const answers: Record<string, string> = {
      '/account/v1/customer': '{"username":"u0","usage":1e308,"quota":-7}',
      '/jfs/u0': '<user><capacity>99999999999999999999</capacity><usage>-5</usage></user>',
    };
    const url = await serve((request, response) => void response.end(answers[request.url ?? '']));
    const { usage, quota } = await connect(url).fetchCustomer(never);
    assert.deepEqual([usage, quota], [0, -1]);
    const account = await connect(url).fetchAccount(never);
    assert.deepEqual([account.capacity, account.usage], [-1, 0]);
  });

  it('changes no other object, whatever its keys are called', async () => {
    const twisted =
      '{"__proto__":{"writeLocked":true,"evil":1},"constructor":{"prototype":{"evil":1}},"username":"u0"}';
    const url = await serve((_request, response) => void response.end(twisted));
    assert.equal((await connect(url).fetchCustomer(never)).writeLocked, false);
    assert.equal(({} as { evil?: number }).evil, undefined);
  });

  it('is refused when its user name could not be part of a path', async () => {
    for (const username of ['..', '', 'a/b', 'a\0', 7]) {
      const url = await serve((_request, response) => void response.end(JSON.stringify({ username })));
      await assert.rejects(connect(url).fetchCustomer(never), of('protocol'));
    }
  });

  it('gives no access token that a header cannot carry', async () => {
    for (const token of ['a\r\nx-injected: b', 'a\0', 'å', ' ', 'x'.repeat(100_000), { a: 1 }, ['A'], 7]) {
      const asked: (string | undefined)[] = [];
      const url = await serve((request, response) => {
        if (request.url !== '/token') asked.push(request.headers.authorization);
        const answer = { access_token: token, refresh_token: 'S', expires_in: 3600 };
        response.writeHead(request.url === '/token' ? 200 : 401).end(JSON.stringify(answer));
      });
      await assert.rejects(connect(url).fetchCustomer(never), of('protocol'));
      assert.deepEqual(asked, ['Bearer A']);
    }
  });

  it('gives an access token that ends at a time that can be counted with', async () => {
    const saved: number[] = [];
    const url = await serve((request, response) => {
      if (request.url !== '/token') return void response.writeHead(401).end();
      response.end('{"access_token":"B","refresh_token":"S","expires_in":1e300}');
    });
    const client = new JottacloudClient({
      endpoints: createEndpoints(url),
      tokens: makeTokens(url, { expiresAt: 0 }),
      vault: { saveTokens: async ({ expiresAt }) => void saved.push(expiresAt) },
      userAgent: 'test',
    });
    cleanups.push(() => client.close());
    await assert.rejects(client.fetchCustomer(never));
    assert.ok(saved.length > 0 && saved.every((at) => at < Date.now() + 2 * 86_400_000));
  });
});

describe('a server in trouble', () => {
  it('says when to come again, and is asked again then', async () => {
    const slept: number[] = [];
    let asked = 0;
    const url = await serve((_request, response) => {
      asked += 1;
      if (asked === 1) response.writeHead(503, { 'retry-after': '2' }).end();
      else response.end('{"username":"u0"}');
    });
    const client = new JottacloudClient({
      endpoints: createEndpoints(url),
      tokens: makeTokens(url),
      vault: { saveTokens: async () => {} },
      userAgent: 'test',
      clock: { now: () => Date.now(), sleep: async (ms) => void slept.push(ms) },
    });
    cleanups.push(() => client.close());
    await client.fetchCustomer(never);
    assert.deepEqual(slept, [2_000]);
  });
});
