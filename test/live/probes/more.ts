import { Readable } from 'node:stream';
import { parseTime } from '../../../src/jottacloud/times.ts';
import { at, fresh, list, someTime, store, storeFresh } from '../../contract/client/acts.ts';
import { md5 } from '../../support/md5.ts';
import { describe, jfs, type NotAsked, type Probe, type ProbeWorld, type RawAnswer, succeeded } from '../probe.ts';

/** Large enough that what the service does with it afterwards is felt. Bytes. */
const largeUpload = 32 * 1024 * 1024;

/** Open questions of PROTOCOL.md for which the emulator has no switch. Answers are words that two runs would have in common. */
export const moreProbes: readonly (Probe | NotAsked)[] = [
  {
    question: 'two names that differ in Unicode normalisation only',
    async ask(world) {
      await storeFresh(world, at(world, 'caf\u00e9'));
      await storeFresh(world, at(world, 'cafe\u0301'));
      const { length } = await list(world, world.folder);
      return length === 2 ? 'two files' : 'one file';
    },
  },
  {
    question: 'a name with a space at its end, and one with a dot',
    async ask(world) {
      await storeFresh(world, at(world, 'space '));
      await storeFresh(world, at(world, 'dot.'));
      return (await list(world, world.folder)).join('|') === 'dot.|space ' ? 'kept' : 'changed';
    },
  },
  { question: 'a name with U+FEFF', ask: (world) => askName(world, 'zero\ufeffwidth') },
  {
    question: '`conflict_handler` CREATE_NEW_REVISION onto a live file',
    async ask(world) {
      const answers: string[] = [];
      for (const more of [{}, { conflict_handler: 'CREATE_NEW_REVISION' }]) {
        await storeFresh(world, at(world, 'a'));
        answers.push(outcomeOf(await allocate(world, at(world, 'a'), fresh(), more)));
      }
      return answers[0] === answers[1] ? `no difference: ${answers[0]}` : `without ${answers[0]}, with ${answers[1]}`;
    },
  },
  {
    question: 'whether cphash changes `created` of a live file',
    async ask(world) {
      const bytes = await storeFresh(world, at(world, 'a'));
      const created = someTime - 86_400;
      const stamp = { size: bytes.length, md5: md5(bytes), modified: someTime, created };
      await world.client.setFileTimes(at(world, 'a'), stamp, world.signal);
      return (await world.client.fetchFile(at(world, 'a'), world.signal)).created === created ? 'yes' : 'no';
    },
  },
  {
    question: 'whether a new revision changes `created`',
    async ask(world) {
      const created = someTime - 86_400;
      await store(world, at(world, 'a'), fresh(), { created });
      await store(world, at(world, 'a'), fresh(), { created: someTime });
      const now = await world.client.fetchFile(at(world, 'a'), world.signal);
      return now.created === created ? 'no' : now.created === someTime ? 'yes' : 'to another time';
    },
  },
  {
    question: 'wait for the answer to an upload of 32 MiB, after its last byte',
    async ask(world) {
      const bytes = fresh(largeUpload);
      let lastByteAt = performance.now();
      const { uploadUrl } = await world.client.allocate(
        at(world, 'large'),
        { size: bytes.length, md5: md5(bytes), modified: someTime, onConflict: 'newRevision' },
        world.signal,
      );
      await world.client.upload(uploadUrl, inPieces(bytes), { start: 0, size: bytes.length }, world.signal, () => {
        lastByteAt = performance.now();
      });
      return describeWait(performance.now() - lastByteAt);
    },
  },
  {
    question: 'what /Jotta/Shared is made of',
    async ask(world) {
      const answer = await world.send('GET', jfs(world, ['Jotta', 'Shared']));
      return succeeded(answer) ? elementsOf(answer.text) : describe(answer);
    },
  },
  {
    question: 'times of a folder',
    async ask(world) {
      const { text } = await world.send('GET', jfs(world, world.folder));
      const head = /<folder\b.*?(?:<folders>|<files>|<\/folder>)/s.exec(text)?.[0] ?? '';
      const times = [...head.matchAll(/<(created|modified|updated)>([^<]*)/g)].filter(
        ([, , text]) => parseTime(text) > 0,
      );
      return times.map(([, name]) => name).join(', ') || 'none';
    },
  },
  {
    question: 'body of a 404',
    ask: async (world) => bodyOf(await world.send('GET', jfs(world, at(world, 'missing')))),
  },
  {
    question: 'body of a cphash miss',
    async ask(world) {
      const bytes = fresh();
      const time = '2026-01-01-T00:00:00Z';
      const headers = { jsize: String(bytes.length), jmd5: md5(bytes), jcreated: time, jmodified: time };
      return bodyOf(await world.send('POST', jfs(world, at(world, 'a'), '?cphash=true'), { headers }));
    },
  },
  {
    question: 'Retry-After of refusals so far',
    ask: async (world) => (world.sawRetryAfter() ? 'seen' : 'never seen'),
  },
  { question: 'whether dedup crosses accounts', because: 'it would need a second account' },
  { question: 'how long an upload URL lives', because: 'it would take days' },
];

/** Uploads under a name, and finds it by that name and in the listing. */
async function askName(world: ProbeWorld, name: string): Promise<string> {
  const bytes = fresh();
  const allocated = await allocate(world, at(world, name), bytes);
  if (!succeeded(allocated)) return `refused: ${describe(allocated)}`;
  const { upload_url: url = '' } = JSON.parse(allocated.text) as { upload_url?: string };
  const headers = { 'content-type': 'application/octet-stream' };
  const sent = await world.send('POST', url, { headers, body: bytes });
  if (!succeeded(sent)) return `allocated, but not taken: ${describe(sent)}`;
  const found = await world.send('GET', jfs(world, at(world, name), '?mode=bin'));
  const isListed = (await list(world, world.folder)).includes(name);
  if (succeeded(found)) return isListed ? 'kept' : 'found, but listed as something else';
  return `${isListed ? 'listed, but not found' : 'accepted, but neither listed nor found'}: ${describe(found)}`;
}

function allocate(
  world: ProbeWorld,
  path: readonly string[],
  bytes: Buffer,
  more: Readonly<Record<string, string>> = {},
): Promise<RawAnswer> {
  const times = { created: '2026-01-01T00:00:00Z', modified: '2026-01-01T00:00:00Z' };
  const request = { path: `/jfs/${path.join('/')}`, bytes: bytes.length, md5: md5(bytes), ...times, ...more };
  const headers = { 'content-type': 'application/json' };
  return world.send('POST', `${world.endpoints.api}/files/v1/allocate`, { headers, body: JSON.stringify(request) });
}

function outcomeOf(answer: RawAnswer): string {
  return succeeded(answer) ? 'accepted' : describe(answer);
}

/** As a network takes it: one piece would be sent before its first byte was counted. */
async function* pieces(bytes: Buffer): AsyncGenerator<Buffer> {
  const length = 1024 * 1024;
  for (let start = 0; start < bytes.length; start += length) yield bytes.subarray(start, start + length);
}

function inPieces(bytes: Buffer): Readable {
  return Readable.from(pieces(bytes), { objectMode: false });
}

function describeWait(ms: number): string {
  if (ms < 10_000) return 'under 10 seconds';
  return ms < 60_000 ? 'under a minute' : `${Math.ceil(ms / 60_000)} minutes`;
}

/** The names of a document's elements, once each: what they hold is the person's. */
function elementsOf(text: string): string {
  return [...new Set(Array.from(text.matchAll(/<([A-Za-z][\w-]*)/g), ([, name]) => name))].join(', ');
}

/** Type and class of a refusal, without its words: they name the account. */
function bodyOf(answer: RawAnswer): string {
  const type = (answer.header('content-type') ?? 'no type').split(';')[0];
  return `${describe(answer)}, ${type}, ${describeBody(answer.text)}`;
}

function describeBody(text: string): string {
  if (text === '') return 'empty';
  return /^\s*</.test(text) ? elementsOf(text) : 'text';
}
