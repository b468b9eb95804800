import { at, fresh, storeFresh } from '../../contract/client/acts.ts';
import { md5 } from '../../support/md5.ts';
import { describe, jfs, type PartOfQuirks, type ProbeWorld, type RawAnswer, succeeded } from '../probe.ts';

type Uploads =
  | 'conflictStatus'
  | 'emptyRange'
  | 'range'
  | 'pinnedRange'
  | 'requests'
  | 'corruptAnswer'
  | 'revisionNumbers'
  | 'dedupStatus'
  | 'dedupResumePos'
  | 'dedup'
  | 'allocateState'
  | 'allocateMountPoint'
  | 'emptyFile'
  | 'resumeAfterCorrupt'
  | 'uploadUrl'
  | 'uploadUrlGone'
  | 'quotaAt'
  | 'quotaAnswer'
  | 'lockedBody';

interface Allocated {
  readonly answer: RawAnswer;
  readonly state: string;
  readonly url: string;
  readonly resumePos: number;
}

async function allocate(world: ProbeWorld, name: string, bytes: Buffer, more: object = {}): Promise<Allocated> {
  const path = `/jfs/${at(world, name).join('/')}`;
  const times = { created: '2026-01-01T00:00:00Z', modified: '2026-01-01T00:00:00Z' };
  const body = JSON.stringify({ path, bytes: bytes.length, md5: md5(bytes), ...times, ...more });
  const headers = { 'content-type': 'application/json' };
  const answer = await world.send('POST', `${world.endpoints.api}/files/v1/allocate`, { headers, body });
  const json = (succeeded(answer) ? JSON.parse(answer.text) : {}) as Record<string, unknown>;
  return {
    answer,
    state: String(json.state ?? describe(answer)),
    url: String(json.upload_url ?? ''),
    resumePos: Number(json.resume_pos ?? 0),
  };
}

function send(world: ProbeWorld, url: string, bytes: Buffer, range?: string): Promise<RawAnswer> {
  const headers = { 'content-type': 'application/octet-stream', ...(range === undefined ? {} : { range }) };
  return world.send('POST', url, { headers, body: bytes });
}

/** `&revision=` stands for that of a file of 100 bytes. */
async function askRange(world: ProbeWorld, query: string): Promise<string> {
  await storeFresh(world, at(world, 'a'), 100);
  const { revision } = await world.client.fetchFile(at(world, 'a'), world.signal);
  const number = query === '' ? '' : revision;
  const headers = { range: 'bytes=10-19' };
  const answer = await world.send('GET', jfs(world, at(world, 'a'), `?mode=bin${query}${number}`), { headers });
  if (answer.status === 206) return 'honoured';
  return answer.status === 200 ? 'ignored' : String(answer.status);
}

const wouldNeed = (what: string) => `it would need ${what}`;

/** Allocate, upload and download (PROTOCOL.md §2.7, §3). */
export const uploadProbes: PartOfQuirks<Uploads> = {
  conflictStatus: {
    question: '`conflict_handler`, and the HTTP status of UniqueFileException',
    async ask(world) {
      await storeFresh(world, at(world, 'a'));
      const { answer } = await allocate(world, 'a', fresh(), { conflict_handler: 'REJECT_CONFLICTS' });
      if (succeeded(answer)) return 'ignored';
      const onFreeName = await allocate(world, 'b', fresh(), { conflict_handler: 'REJECT_CONFLICTS' });
      if (!succeeded(onFreeName.answer)) return 'refused';
      return answer.text.includes('UniqueFile') ? String(answer.status) : describe(answer);
    },
  },
  range: {
    question: '`Range` of the newest revision',
    ask: (world) => askRange(world, ''),
  },
  pinnedRange: {
    question: '`Range` together with `revision`',
    ask: (world) => askRange(world, '&revision='),
  },
  requests: {
    question: 'a `mode` that does not exist',
    async ask(world) {
      await storeFresh(world, at(world, 'a'));
      return succeeded(await world.send('GET', jfs(world, at(world, 'a'), '?mode=other'))) ? 'lenient' : 'strict';
    },
  },
  corruptAnswer: {
    question: 'answer to an upload of other content than promised',
    async ask(world) {
      const answer = await send(world, (await allocate(world, 'a', fresh(100))).url, fresh(100));
      if (answer.status !== 420 && answer.status !== 421) return describe(answer);
      return answer.status === 421 && answer.text === '' ? '421-empty' : String(answer.status);
    },
  },
  revisionNumbers: {
    question: 'numbers of the first two revisions of a file',
    async ask(world) {
      const numbers: number[] = [];
      for (let round = 0; round < 2; round += 1) {
        await storeFresh(world, at(world, 'a'));
        numbers.push((await world.client.fetchFile(at(world, 'a'), world.signal)).revision);
      }
      return numbers.join() === '1,2' ? 'consecutive' : 'jumping';
    },
  },
  emptyRange: {
    question: '`Range: bytes=0-` on an empty file',
    async ask(world) {
      await storeFresh(world, at(world, 'empty'), 0);
      const headers = { range: 'bytes=0-' };
      const answer = await world.send('GET', jfs(world, at(world, 'empty'), '?mode=bin'), { headers });
      return ['200', '416'].includes(String(answer.status)) ? String(answer.status) : describe(answer);
    },
  },
  dedupStatus: {
    question: 'status of an allocate that needs no transfer',
    async ask(world) {
      const bytes = await storeFresh(world, at(world, 'a'));
      const { answer, state } = await allocate(world, 'a', bytes);
      return state === 'COMPLETED' ? String(answer.status) : state;
    },
  },
  dedupResumePos: {
    question: '`resume_pos` of an allocate that needs no transfer',
    async ask(world) {
      const bytes = await storeFresh(world, at(world, 'a'));
      const { resumePos, state } = await allocate(world, 'a', bytes);
      if (state !== 'COMPLETED') return state;
      return resumePos === bytes.length ? 'bytes' : String(resumePos);
    },
  },
  dedup: {
    question: 'whether content known under another path needs no transfer',
    async ask(world) {
      const bytes = await storeFresh(world, at(world, 'a'));
      return (await allocate(world, 'b', bytes)).state === 'COMPLETED' ? 'on' : 'off';
    },
  },
  allocateState: {
    question: 'state of a fresh upload',
    ask: async (world) => (await allocate(world, 'a', fresh())).state,
  },
  allocateMountPoint: {
    question: 'allocate below an unknown mountpoint',
    because: 'it might leave a mountpoint behind',
  },
  emptyFile: {
    question: 'allocate of an empty file',
    async ask(world) {
      const { answer, state } = await allocate(world, 'empty', Buffer.alloc(0));
      if (!succeeded(answer)) return describe(answer);
      return state === 'COMPLETED' ? 'completed' : 'upload';
    },
  },
  resumeAfterCorrupt: {
    question: '`resume_pos` after a corrupt upload',
    async ask(world) {
      const bytes = fresh(100);
      const refused = await send(world, (await allocate(world, 'a', bytes)).url, fresh(100));
      if (succeeded(refused)) return 'wrong content was accepted';
      const { resumePos } = await allocate(world, 'a', bytes);
      return resumePos === 0 ? '0' : 'kept';
    },
  },
  uploadUrl: {
    question: 'whether an upload URL serves more than one POST',
    async ask(world) {
      const bytes = fresh(100);
      const { url } = await allocate(world, 'a', bytes);
      const piece = await send(world, url, bytes.subarray(0, 40));
      if (piece.status !== 420) return `a piece is answered by ${describe(piece)}`;
      const rest = await send(world, url, bytes.subarray(40), 'bytes=40-99');
      return succeeded(rest) ? 'lasting' : 'single-use';
    },
  },
  uploadUrlGone: {
    question: 'answer to an upload URL that has served its purpose',
    async ask(world) {
      const bytes = fresh(100);
      const { url } = await allocate(world, 'a', bytes);
      await send(world, url, bytes);
      const answer = await send(world, url, bytes);
      return ['404', '401', '410'].includes(String(answer.status)) ? String(answer.status) : describe(answer);
    },
  },
  quotaAt: { question: 'where an exhausted quota is noticed', because: wouldNeed('a full account') },
  quotaAnswer: { question: 'body of the answer to an exhausted quota', because: wouldNeed('a full account') },
  lockedBody: { question: 'body of the 403 of a locked account', because: wouldNeed('a locked account') },
};
