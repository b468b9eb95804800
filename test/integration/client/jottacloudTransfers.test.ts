import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { parseLoginToken } from '../../../src/jottacloud/auth/loginToken.ts';
import { exchangeLoginToken } from '../../../src/jottacloud/auth/loginTokenExchange.ts';
import { JottacloudClient } from '../../../src/jottacloud/client.ts';
import { isJottaError, JottaError, type JottaErrorKind } from '../../../src/jottacloud/errors.ts';
import { type ClientLimits, defaultLimits } from '../../../src/jottacloud/limits.ts';
import { backOff } from '../../../src/jottacloud/transport/retry.ts';
import { createEndpoints } from '../../../src/jottacloud/urls.ts';
import { type Emulator, type EmulatorOptions, startEmulator } from '../../emulator/emulator.ts';
import { md5 } from '../../support/md5.ts';

const never = new AbortController().signal;
const archive = ['Jotta', 'Archive'];
let emulator: Emulator;
let client: JottacloudClient;
/** What the client asked to sleep, instead of sleeping. */
let slept: number[];

async function start(options: EmulatorOptions = {}, limits: Partial<ClientLimits> = {}): Promise<void> {
  emulator = await startEmulator(options);
  await connect(limits);
}

async function connect(limits: Partial<ClientLimits>): Promise<void> {
  const deps = { endpoints: createEndpoints(emulator.url), userAgent: 'test' };
  const tokens = await exchangeLoginToken(parseLoginToken(emulator.newLoginToken()), deps, never);
  slept = [];
  client = new JottacloudClient({
    ...deps,
    tokens,
    limits,
    vault: { saveTokens: async () => {} },
    clock: { now: () => Date.now(), sleep: async (ms) => void slept.push(ms) },
    random: () => 0.5,
  });
  emulator.resetStats();
}

async function restart(options: EmulatorOptions, limits: Partial<ClientLimits> = {}): Promise<void> {
  client.close();
  await emulator.close();
  await start(options, limits);
}

beforeEach(() => start());
afterEach(async () => {
  client.close();
  await emulator.close();
});

const at = (...names: string[]) => [...archive, ...names];
const remote = (...names: string[]) => `/${at(...names).join('/')}`;
const of = (kind: JottaErrorKind) => (error: unknown) =>
  isJottaError(error, kind) || assert.fail(`not ${kind}: ${error}`);
const noise = (length: number) => Buffer.from(Array.from({ length }, (_, i) => (i * 7919 + (i >> 8)) & 0xff));

async function collect(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const chunk of chunks) parts.push(Buffer.from(chunk));
  return Buffer.concat(parts);
}

function allocate(path: string[], bytes: Buffer, onConflict: 'newRevision' | 'reject' = 'newRevision') {
  return client.allocate(path, { size: bytes.length, md5: md5(bytes), modified: 1_700_000_000, onConflict }, never);
}

async function send(path: string[], bytes: Buffer) {
  const { uploadUrl, resumePos } = await allocate(path, bytes);
  return client.upload(
    uploadUrl,
    Readable.from([bytes.subarray(resumePos)]),
    { start: resumePos, size: bytes.length },
    never,
  );
}

describe('calls that may be repeated', () => {
  it('are tried four times with full jitter, and succeed when the trouble ends', async () => {
    emulator.setFaults([{ match: { kind: 'list' }, nth: 1, times: 3, action: { type: 'status', status: 503 } }]);
    assert.deepEqual(await client.fetchFolder(archive, never), []);
    assert.deepEqual(slept, [125, 250, 500]);
  });

  it('give up after the fourth try', async () => {
    emulator.setFaults([{ match: { kind: 'list' }, action: { type: 'reset' } }]);
    await assert.rejects(client.fetchFolder(archive, never), of('offline'));
    assert.equal(emulator.stats().requests.list, 4);
  });

  it('wait as long as the server asks, in seconds or by date, within reason', async () => {
    const now = Date.UTC(2026, 0, 1);
    for (const [header, waits] of [
      ['3', 3_000],
      ['Thu, 01 Jan 2026 00:00:07 GMT', 7_000],
      ['999999', 20_000],
      ['0', 125],
      ['-5', 125],
      ['soon', 125],
    ] as const) {
      slept = [];
      const error = new JottaError('server', 'busy', { status: 429, retryAfter: header });
      const clock = { now: () => now, sleep: async (ms: number) => void slept.push(ms) };
      await backOff({ limits: defaultLimits, clock, random: () => 0.5 }, 1, never, error);
      assert.deepEqual(slept, [waits], header);
    }
  });

  it('are not repeated for answers that would stay the same', async () => {
    await assert.rejects(client.fetchFile(at('missing'), never), of('notFound'));
    emulator.setFaults([{ match: { kind: 'file' }, action: { type: 'status', status: 403 } }]);
    await assert.rejects(client.fetchFile(at('missing'), never), of('forbidden'));
    assert.deepEqual(slept, []);
  });

  it('are repeated when the body of an answer is cut', async () => {
    await emulator.put(remote('a.txt'), 'hello');
    emulator.setFaults([{ match: { kind: 'list' }, nth: 1, action: { type: 'truncate', after: 100 } }]);
    assert.equal((await client.fetchFolder(archive, never)).length, 1);
    assert.equal(slept.length, 1);
  });

  it('end with the deadline of the client when the server is silent', async () => {
    await restart({}, { firstByteMs: 40, metadataMs: 100 });
    emulator.setFaults([{ match: { kind: 'file' }, action: { type: 'stall' } }]);
    await assert.rejects(client.fetchFile(at('x'), never), of('timeout'));
  });

  it('end with the caller, before, during and after the answer', async () => {
    await assert.rejects(client.fetchFolder(archive, AbortSignal.abort()), of('cancelled'));
    await assert.rejects(client.fetchFolder(archive, AbortSignal.timeout(0)), of('timeout'));
    emulator.setFaults([{ match: { kind: 'list' }, action: { type: 'stall', after: 20 } }]);
    const caller = new AbortController();
    const listing = client.fetchFolder(archive, caller.signal);
    while (emulator.stats().requests.list === undefined) await new Promise((resolve) => setImmediate(resolve));
    caller.abort();
    await assert.rejects(listing, of('cancelled'));
  });

  it('end when the client is closed', async () => {
    emulator.setFaults([{ match: { kind: 'list' }, action: { type: 'stall' } }]);
    const listing = client.fetchFolder(archive, never);
    while (emulator.stats().requests.list === undefined) await new Promise((resolve) => setImmediate(resolve));
    client.close();
    await assert.rejects(listing, of('cancelled'));
    await assert.rejects(client.fetchFolder(archive, never), of('cancelled'));
  });
});

describe('a download', () => {
  const content = noise(300_000);

  beforeEach(() => emulator.put(remote('big'), content));

  it('gives exactly the range, and an empty range without a request', async () => {
    const range = { start: 1_000, end: 200_001, size: content.length };
    assert.deepEqual(await collect(await client.download(at('big'), range, never)), content.subarray(1_000, 200_001));
    assert.equal(emulator.stats().requests.download, 1);
    assert.equal(
      (await collect(await client.download(at('big'), { start: 5, end: 5, size: content.length }, never))).length,
      0,
    );
    assert.equal(emulator.stats().requests.download, 1);
  });

  it('reads an older revision', async () => {
    await emulator.put(remote('big'), 'newer');
    const range = { start: 0, end: 10, size: content.length, revision: 1 };
    assert.deepEqual(await collect(await client.download(at('big'), range, never)), content.subarray(0, 10));
  });

  it('is corrupt when the file has another size by now', async () => {
    const range = { start: 0, end: 10, size: content.length - 1 };
    await assert.rejects(client.download(at('big'), range, never), of('corrupt'));
  });

  it('is incomplete when it is cut, and is not repeated after its first byte', async () => {
    emulator.setFaults([{ match: { kind: 'download' }, action: { type: 'truncate', after: 100_000 } }]);
    const chunks = await client.download(at('big'), { start: 0, end: content.length, size: content.length }, never);
    await assert.rejects(collect(chunks), of('incomplete'));
    assert.equal(emulator.stats().requests.download, 1);
  });

  it('is repeated before its first byte', async () => {
    emulator.setFaults([{ match: { kind: 'download' }, nth: 1, times: 2, action: { type: 'reset' } }]);
    const chunks = await client.download(at('big'), { start: 0, end: content.length, size: content.length }, never);
    assert.deepEqual(await collect(chunks), content);
  });

  it('times out when the server goes silent, but not when the reader is slow', async () => {
    await restart({}, { bodyIdleMs: 60 });
    await emulator.put(remote('big'), content);
    const range = { start: 0, end: content.length, size: content.length };
    let received = 0;
    for await (const chunk of await client.download(at('big'), range, never)) {
      if (received === 0) await new Promise((resolve) => setTimeout(resolve, 120));
      received += chunk.length;
    }
    assert.equal(received, content.length);
    emulator.setFaults([{ match: { kind: 'download' }, action: { type: 'stall', after: 10_000 } }]);
    await assert.rejects(collect(await client.download(at('big'), range, never)), of('timeout'));
  });

  it('waits longer for the first byte of a file that was not answered in time before', async () => {
    await restart({}, { firstByteMs: 40 });
    await emulator.put(remote('big'), content);
    emulator.setFaults([{ match: { kind: 'download' }, action: { type: 'delay', ms: 400 } }]);
    const chunks = await client.download(at('big'), { start: 0, end: content.length, size: content.length }, never);
    assert.deepEqual(await collect(chunks), content);
    assert.equal(emulator.stats().requests.download, 2);
  });

  it('ends with its signal', async () => {
    emulator.setFaults([{ match: { kind: 'download' }, action: { type: 'stall', after: 10_000 } }]);
    const caller = new AbortController();
    const chunks = await client.download(
      at('big'),
      { start: 0, end: content.length, size: content.length },
      caller.signal,
    );
    const reading = collect(chunks);
    caller.abort();
    await assert.rejects(reading, of('cancelled'));
  });

  it('of nothing there is not found; outside the file is a range error', async () => {
    await assert.rejects(client.download(at('none'), { start: 0, end: 1, size: 1 }, never), of('notFound'));
    await assert.rejects(client.download(at('big'), { start: 0, end: 9, size: 8 }, never), of('range'));
  });
});

describe('an upload', () => {
  const content = noise(400_000);

  it('stores bytes and times, and tells its progress', async () => {
    const { uploadUrl, completed, resumePos } = await allocate(at('Döcs +#;', 'ä+b.bin'), content);
    assert.deepEqual({ completed, resumePos }, { completed: false, resumePos: 0 });
    const progress: number[] = [];
    const chunks = [content.subarray(0, 100_000), content.subarray(100_000)];
    const span = { start: 0, size: content.length };
    const result = await client.upload(uploadUrl, Readable.from(chunks), span, never, (bytes) => progress.push(bytes));
    assert.deepEqual(result, { md5: md5(content), size: content.length, modified: 1_700_000_000 });
    assert.deepEqual(progress, [100_000, 400_000]);
    assert.deepEqual(await emulator.read(remote('Döcs +#;', 'ä+b.bin')), content);
    assert.equal((await client.fetchFile(at('Döcs +#;', 'ä+b.bin'), never)).modified, 1_700_000_000);
  });

  it('takes the bytes of a chunk before it asks for the next, which may come in the same memory', async () => {
    // A line that takes longer than the kernel's buffers hide.
    emulator.shape({ bandwidth: 8_000_000 });
    const large = noise(6_000_000);
    async function* chunks() {
      const memory = Buffer.alloc(1_000_000);
      for (let start = 0; start < large.length; start += memory.length) {
        large.copy(memory, 0, start);
        yield memory;
        memory.fill(0);
      }
    }
    const { uploadUrl } = await allocate(at('same memory'), large);
    await client.upload(uploadUrl, chunks(), { start: 0, size: large.length, md5: md5(large) }, never);
    emulator.shape({ bandwidth: undefined });
    assert.equal((await client.fetchFile(at('same memory'), never)).size, large.length);
  });

  it('is not needed when the service has the content', async () => {
    await restart({ quirks: { dedupStatus: '201' } });
    await emulator.put(remote('a'), content);
    assert.deepEqual(await allocate(at('b'), content), { completed: true, uploadUrl: '', resumePos: content.length });
    assert.deepEqual(await emulator.read(remote('b')), content);
  });

  it('of an empty file works', async () => {
    await restart({ quirks: { emptyFile: 'upload' } });
    await send(at('empty'), Buffer.alloc(0));
    assert.equal((await client.fetchFile(at('empty'), never)).size, 0);
  });

  it('continues after a cut from where the service is', async () => {
    emulator.setFaults([{ match: { kind: 'upload' }, nth: 1, action: { type: 'truncate', after: 200_000 } }]);
    const failure = await send(at('big'), content).catch((error: unknown) => error);
    assert.ok(isJottaError(failure) && failure.retryable, String(failure));
    const { resumePos } = await allocate(at('big'), content);
    assert.equal(resumePos, 200_000);
    emulator.resetStats();
    await send(at('big'), content);
    assert.deepEqual(await emulator.read(remote('big')), content);
    assert.ok(emulator.stats().bytesIn < 210_000, 'only the rest is sent');
  });

  it('is incomplete when its source is shorter than promised, corrupt when longer', async () => {
    const span = { start: 0, size: content.length };
    const { uploadUrl } = await allocate(at('big'), content);
    const short = Readable.from([content.subarray(0, 150_000)]);
    await assert.rejects(client.upload(uploadUrl, short, span, never), of('incomplete'));
    const long = Readable.from([content, Buffer.from('x')]);
    await assert.rejects(client.upload(uploadUrl, long, span, never), of('corrupt'));
  });

  it('is incomplete or corrupt when the service says 420', async () => {
    const answers = [
      ['IncompleteUploadOpenApiException', 'incomplete'],
      ['CorruptUploadOpenApiException', 'corrupt'],
    ] as const;
    for (const [id, kind] of answers) {
      const body = JSON.stringify({ code: 420, message: 'x', error_id: id });
      emulator.setFaults([{ match: { kind: 'upload' }, nth: 1, action: { type: 'status', status: 420, body } }]);
      await assert.rejects(send(at('big'), content), of(kind));
    }
    emulator.setFaults([{ match: { kind: 'upload' }, nth: 1, action: { type: 'corrupt' } }]);
    await assert.rejects(send(at('big'), content), of('corrupt'));
  });

  it('is refused in words when there is no room', async () => {
    for (const quotaAt of ['allocate', 'upload'] as const) {
      await restart({ capacity: 1_000, quirks: { quotaAt } });
      await assert.rejects(send(at('big'), content), of('quota'));
    }
  });

  it('renews the token when it dies and asks to allocate again', async () => {
    const { uploadUrl } = await allocate(at('big'), content);
    emulator.expire();
    const span = { start: 0, size: content.length };
    const failure = await client
      .upload(uploadUrl, Readable.from([content]), span, never)
      .catch((error: unknown) => error);
    assert.ok(isJottaError(failure) && failure.retryable, String(failure));
    await send(at('big'), content);
    assert.deepEqual(await emulator.read(remote('big')), content);
  });

  it('times out when the service takes no bytes or does not confirm', async () => {
    await restart({}, { patientIdleMs: 80, uploadAnswerMs: 80 });
    emulator.setFaults([{ match: { kind: 'upload' }, nth: 1, action: { type: 'stall', after: 1_000 } }]);
    await assert.rejects(send(at('big'), noise(20_000_000)), of('timeout'));
    emulator.setFaults([{ match: { kind: 'upload' }, nth: 1, action: { type: 'delay', ms: 60_000 } }]);
    await assert.rejects(send(at('small'), content), of('timeout'));
  });

  it('passes on what its source throws, and lets go of the source', async () => {
    const broken = new Error('disk gone');
    async function* bytes(): AsyncGenerator<Buffer> {
      yield content.subarray(0, 1_000);
      throw broken;
    }
    const source = Readable.from(bytes());
    const { uploadUrl } = await allocate(at('big'), content);
    await assert.rejects(
      client.upload(uploadUrl, source, { start: 0, size: content.length }, never),
      (e) => e === broken,
    );
    assert.ok(source.destroyed);
  });

  it('ends with its signal', async () => {
    const caller = new AbortController();
    const source = Readable.from([content.subarray(0, 1_000), content.subarray(1_000)], { objectMode: true });
    const { uploadUrl } = await allocate(at('big'), content);
    emulator.setFaults([{ match: { kind: 'upload' }, action: { type: 'stall' } }]);
    const sending = client.upload(uploadUrl, source, { start: 0, size: content.length }, caller.signal, () =>
      caller.abort(),
    );
    await assert.rejects(sending, of('cancelled'));
  });

  it('keeps the token fresh while it runs, and starts with one that lives long enough', async () => {
    await restart({ tokenLifetime: 3 }, { uploadRenewEveryMs: 50, uploadRefreshAheadMs: 3_600_000 });
    const bytes = noise(1_000);
    const { uploadUrl } = await allocate(at('long'), bytes);
    emulator.resetStats();
    async function* slow(): AsyncGenerator<Buffer> {
      // One renewal before the first byte, and one while the rest is waited for.
      yield bytes.subarray(0, 1);
      while ((emulator.stats().requests.token ?? 0) < 2) await new Promise((resolve) => setImmediate(resolve));
      yield bytes.subarray(1);
    }
    await client.upload(uploadUrl, Readable.from(slow()), { start: 0, size: bytes.length }, never);
    assert.deepEqual(await emulator.read(remote('long')), bytes);
  });

  it('is corrupt when the service confirms other bytes than were promised', async () => {
    const { uploadUrl } = await allocate(at('big'), content);
    const span = { start: 0, size: content.length, md5: md5(content) };
    const body = JSON.stringify({ bytes: content.length, md5: md5(Buffer.from('other')), modified: 1 });
    emulator.setFaults([{ match: { kind: 'upload' }, nth: 1, action: { type: 'status', status: 200, body } }]);
    await assert.rejects(client.upload(uploadUrl, Readable.from([content]), span, never), of('corrupt'));
  });

  it('goes nowhere but to https, or to this machine', async () => {
    const span = { start: 0, size: 1 };
    for (const url of ['http://up.example/x', 'file:///etc/passwd', 'nowhere']) {
      await assert.rejects(client.upload(url, Readable.from([Buffer.from('x')]), span, never), of('protocol'));
    }
  });

  it('goes on when its own unfinished upload is what a refusal is about', async () => {
    const refusal = { code: 409, error_id: 'UniqueFileOpenApiException' };
    const fault = { type: 'status', status: 409, body: JSON.stringify(refusal) } as const;
    emulator.setFaults([{ match: { kind: 'allocate' }, nth: 2, action: fault }]);
    const begun = await allocate(at('new'), content, 'reject');
    const again = await allocate(at('new'), content, 'reject');
    assert.equal(again.uploadUrl, begun.uploadUrl);
  });

  it('conflicts when the name is taken and the caller said reject', async () => {
    await emulator.put(remote('taken'), 'theirs');
    await assert.rejects(allocate(at('taken'), content, 'reject'), of('conflict'));
    assert.equal((await emulator.read(remote('taken'))).toString(), 'theirs');
    await send(at('taken'), content);
    const revisions = await client.fetchRevisions(at('taken'), never);
    assert.deepEqual(
      revisions.map((one) => [one.revision, one.md5]),
      [
        [2, md5(content)],
        [1, md5(Buffer.from('theirs'))],
      ],
    );
  });

  it('leaves nothing visible until it is complete', async () => {
    await allocate(at('half'), content);
    await assert.rejects(client.fetchFile(at('half'), never), of('notFound'));
    assert.deepEqual(await client.fetchFolder(archive, never), []);
  });
});
