import type { Emulator } from '../emulator/emulator.ts';
import type { QuirkName } from '../emulator/quirks.ts';
import type { RawClient } from '../support/emulation.ts';
import { md5 as md5Of } from '../support/md5.ts';
import { type QuirkCase, revisionOf, top } from './quirkProbe.ts';

async function fullUpload(emulator: Emulator, client: RawClient): Promise<string> {
  emulator.quota(71);
  const { status, ...rest } = await client.allocate(`${top}/f`, 'hello').catch(() => ({ status: 'no JSON' as const }));
  if (status !== 200 || !('upload_url' in rest)) return `allocate ${status}`;
  return `upload ${(await client.send('POST', rest.upload_url, 'hello')).status}`;
}

/** Statuses of a GET of a name with that character, made otherwise, and of a mkDir of another one. */
function probeCharacter(character: string) {
  return async (emulator: Emulator, client: RawClient) => {
    emulator.mkdir(`${top}/plain`);
    const target = encodeURIComponent(`/${emulator.user}${top}/moved${character}`);
    await client.post(`${top}/plain`, `?mvDir=${target}`);
    const { status } = await client.get(`${top}/moved${character}`);
    return [status, (await client.post(`${top}/made${character}`, '?mkDir=true')).status];
  };
}

/** Quirks of documents, uploads, downloads, names and sign-in. */
export const contentQuirks = {
  viewsOnDevice: [
    async (_emulator, client) => /num_mountpoints="(\d)"/.exec((await client.get('/Jotta')).text)?.[1],
    { all: '6', 'without-trash-and-links': '4' },
  ],
  deviceModified: [
    async (emulator, client) => {
      const archive = async () => />Archive<.*?<modified>([^<]*)/.exec((await client.get('/Jotta')).text)?.[1];
      const seen: (string | undefined)[] = [];
      for (const name of 'abcde') {
        emulator.mkdir(`${top}/${name}`);
        seen.push(await archive());
      }
      if (seen.some((stamp) => stamp !== '')) return new Set(seen).size === 5 ? 'every time' : 'by the clock';
      await emulator.put(`${top}/f`, 'x');
      return (await archive()) === '' ? 'never' : 'with files';
    },
    { 'every-change': 'every time', 'clock-second': 'by the clock', 'newest-file': 'with files' },
  ],
  timeZone: [
    async (emulator, client) => {
      await emulator.put(`${top}/f`, 'x', { modified: new Date('2026-01-02T23:04:05Z') });
      return /<modified>([^<]+)/.exec((await client.get(`${top}/f`)).text)?.[1];
    },
    { Z: '2026-01-02-T23:04:05Z', '+0100': '2026-01-03-T00:04:05+0100' },
  ],
  xmlLayout: [
    async (_emulator, client) => (await client.get('/Laptop')).text.includes('</name>\n'),
    { compact: false, lines: true },
  ],
  mstyle: [
    async (_emulator, client) => (await client.get('/Laptop/Documents')).text.includes('<mstyle>'),
    { given: true, absent: false },
  ],
  md5Case: [
    async (_emulator, client) => {
      await client.allocate(`${top}/f`, '', { md5: 'D41d8cd98f00b204e9800998ecf8427e' });
      return /<md5>(..)/.exec((await client.get(`${top}/f`)).text)?.[1];
    },
    { 'as-sent': 'D4', upper: 'D4', lower: 'd4' },
  ],
  unfinishedRevisions: [
    async (_emulator, client) => {
      await client.allocate(`${top}/f`, 'never sent');
      await client.upload(`${top}/f`, 'sent');
      return (await client.get(`${top}/f`)).text.includes('<revision><number>1</number><state>INCOMPLETE<');
    },
    { kept: true, dropped: false },
  ],
  sameContent: [
    async (emulator, client) => {
      await emulator.put(`${top}/f`, 'x');
      await client.post(`${top}/f`, '?cphash=true', { JSize: '1', JMd5: md5Of('x') });
      return revisionOf(client, 'f');
    },
    { 'times-only': '1', 'new-revision': '2' },
  ],
  cphash: [
    async (emulator, client) => {
      await emulator.put(`${top}/f`, 'x');
      const headers = { JSize: '1', JMd5: md5Of('x'), JModified: '2001-02-03-T04:05:06Z' };
      const { status } = await client.post(`${top}/f`, '?cphash=true', headers);
      const elsewhere = await client.post(`${top}/g`, '?cphash=true', headers);
      return [status, (await client.get(`${top}/f`)).text.includes('2001-02-03'), elsewhere.status];
    },
    { honoured: [200, true, 200], ignored: [200, false, 404], '400': [400, false, 400], '404': [404, false, 404] },
  ],
  liststream: [
    async (emulator, client) => {
      await emulator.put(`${top}/a/x`, 'x');
      const { status, text } = await client.get(top, '?mode=liststream');
      return [status, /<(\w+)[ >]/.exec(text.replace(/<\?.*?\?>/, ''))?.[1]];
    },
    { given: [200, 'liststream'], listing: [200, 'mountPoint'], '400': [400, 'error'], '404': [404, 'error'] },
  ],
  liststreamFolders: [
    async (emulator, client) => {
      await emulator.put(`${top}/a/x`, 'x');
      const { text } = await client.get(top, '?mode=liststream');
      return [text.match(/<folder>/g)?.length, text.includes('<folders>2</folders>')];
    },
    { all: [2, true], 'without-files-only': [1, true] },
  ],
  thumbnails: [
    async (emulator, client) => {
      await emulator.put(`${top}/f.png`, 'x');
      return (await client.get(`${top}/f.png`, '?mode=thumb&ts=WM')).status;
    },
    { image: 200, 404: 404 },
  ],
  revisionNumbers: [
    async (emulator, client) => {
      await emulator.put(`${top}/f`, 'x');
      const first = await revisionOf(client, 'f');
      await emulator.put(`${top}/f`, 'y');
      return [first, await revisionOf(client, 'f')];
    },
    { consecutive: ['1', '2'], jumping: ['3', '10'] },
  ],
  range: [
    async (emulator, client) => {
      await emulator.put(`${top}/f`, 'hello');
      const { status, text } = await client.get(`${top}/f`, '?mode=bin', { range: 'bytes=1-2' });
      return [status, text];
    },
    { honoured: [206, 'el'], ignored: [200, 'hello'] },
  ],
  pinnedRange: [
    async (emulator, client) => {
      await emulator.put(`${top}/f`, 'hello');
      const plain = await client.get(`${top}/f`, '?mode=bin', { range: 'bytes=1-2' });
      await emulator.put(`${top}/f`, 'other');
      const pinned = await client.get(`${top}/f`, '?mode=bin&revision=1', { range: 'bytes=1-2' });
      return [plain.text, pinned.status, ...(pinned.status < 300 ? [pinned.text] : [])];
    },
    {
      honoured: ['el', 206, 'el'],
      ignored: ['el', 200, 'hello'],
      newest: ['el', 206, 'th'],
      ...{ 400: ['el', 400], 404: ['el', 404], 500: ['el', 500] },
    },
  ],
  requests: [
    async (emulator, client) => {
      await emulator.put(`${top}/f`, 'hello');
      const time = '2026-01-01T00:00:00Z';
      const body = JSON.stringify({ path: `/jfs${top}/f`, bytes: 1, md5: md5Of('x'), created: time, modified: time });
      return [
        (await client.get(`${top}/f`, '?mode=other')).status,
        (await client.allocate(`${top}/f`, 'x')).status,
        (await client.send('POST', '/files/v1/allocate', body, { 'content-type': 'text/plain' })).status,
        (await client.send('POST', '/files/v1/allocate', body, { 'content-type': 'application/json' })).status,
      ];
    },
    { lenient: [200, 200, 200, 200], strict: [400, 400, 415, 200] },
  ],
  emptyRange: [
    async (emulator, client) => {
      await emulator.put(`${top}/f`, '');
      return (await client.get(`${top}/f`, '?mode=bin', { range: 'bytes=0-' })).status;
    },
    { 416: 416, 200: 200 },
  ],
  dedupStatus: [
    async (emulator, client) => {
      await emulator.put(`${top}/f`, 'x');
      return (await client.allocate(`${top}/g`, 'x')).status;
    },
    { 200: 200, 201: 201 },
  ],
  dedupResumePos: [
    async (emulator, client) => {
      await emulator.put(`${top}/f`, 'hello');
      return (await client.allocate(`${top}/g`, 'hello')).resume_pos;
    },
    { bytes: 5, 0: 0 },
  ],
  dedup: [
    async (emulator, client) => {
      await emulator.put(`${top}/f`, 'x');
      return (await client.allocate(`${top}/g`, 'x')).state;
    },
    { on: 'COMPLETED', off: 'INCOMPLETE' },
  ],
  allocateState: [
    async (_emulator, client) => (await client.allocate(`${top}/f`, 'x')).state,
    { INCOMPLETE: 'INCOMPLETE', ADDED: 'ADDED', PROCESSING: 'PROCESSING' },
  ],
  allocateMountPoint: [
    async (_emulator, client) => (await client.allocate('/Laptop/New/f', 'x')).status,
    { 404: 404, created: 200 },
  ],
  emptyFile: [
    async (_emulator, client) => (await client.allocate(`${top}/f`, '')).state,
    { completed: 'COMPLETED', upload: 'INCOMPLETE' },
  ],
  corruptAnswer: [
    async (_emulator, client) => {
      const { upload_url: url } = await client.allocate(`${top}/f`, 'hello');
      const { status, text } = await client.send('POST', url, 'HELLO');
      return [status, text.includes('CorruptUpload')];
    },
    { 420: [420, true], 421: [421, true], '421-empty': [421, false] },
  ],
  resumeAfterCorrupt: [
    async (_emulator, client) => {
      const { upload_url: url } = await client.allocate(`${top}/f`, 'hello');
      await client.send('POST', url, 'HELLO');
      const { resume_pos, upload_url } = await client.allocate(`${top}/f`, 'hello');
      return [resume_pos, (await client.send('POST', upload_url, 'hello')).status];
    },
    { 0: [0, 200], kept: [5, 200] },
  ],
  uploadUrl: [
    async (_emulator, client) => {
      const { upload_url: url } = await client.allocate(`${top}/f`, 'hello');
      await client.send('POST', url, 'he');
      return (await client.send('POST', url, 'llo', { range: 'bytes=2-4' })).status;
    },
    { lasting: 200, 'single-use': 404 },
  ],
  uploadUrlGone: [
    async (emulator, client) => {
      const { upload_url: url } = await client.allocate(`${top}/f`, 'hello');
      emulator.expireUploadUrls();
      return (await client.send('POST', url, 'hello')).status;
    },
    { 404: 404, 401: 401, 410: 410 },
  ],
  quotaAt: [fullUpload, { allocate: 'allocate 460', upload: 'upload 460' }],
  quotaAnswer: [
    fullUpload,
    {
      460: 'allocate 460',
      '460-empty': 'allocate no JSON',
      '400-quota': 'allocate 400',
      '413-quota': 'allocate 413',
    },
  ],
  lockedBody: [
    async (emulator, client) => {
      emulator.lock({ write: true });
      const { status, text } = await client.post(`${top}/a`, '?mkDir=true');
      return [status, text.slice(0, 2)];
    },
    { error: [403, '<?'], plain: [403, 'Ac'], empty: [403, ''] },
  ],
  plusInPath: [
    async (emulator, client) => {
      emulator.mkdir(`${top}/a b`);
      return (await client.send('GET', `/jfs/${emulator.user}${top}/a+b`)).status;
    },
    { space: 200, plus: 404 },
  ],
  percentInName: [
    async (emulator, client) => {
      emulator.mkdir(`${top}/100%`);
      return (await client.get(`${top}/100%`)).status;
    },
    { 400: 400, allowed: 200 },
  ],
  sharedPaths: [
    async (emulator, client) => {
      await emulator.put('/Jotta/Shared/theirs/f', 'x');
      return /<abspath[^>]*>([^<]*)/
        .exec((await client.get('/Jotta/Shared/theirs/f')).text)?.[1]
        ?.replace(emulator.user, 'us');
    },
    { own: '/us/Jotta/Shared/theirs', owners: '/u0owner/Jotta/Archive/theirs' },
  ],
  backslashInName: [probeCharacter('\\'), { allowed: [200, 200], 400: [400, 400], refused: [404, 400] }],
  semicolonInName: [probeCharacter(';'), { allowed: [200, 200], 400: [400, 400], refused: [404, 400] }],
  reservedCharacters: [
    async (_emulator, client) => (await client.post(`${top}/a:b`, '?mkDir=true')).status,
    { allowed: 200, 400: 400 },
  ],
  nameLimit: [
    async (_emulator, client) => (await client.post(`${top}/${'ø'.repeat(200)}`, '?mkDir=true')).status,
    { characters: 200, bytes: 400 },
  ],
  loginRefused: [
    async (_emulator, client) => {
      const form = { client_id: 'jottacli', grant_type: 'password', password: 'unknown', username: 'u0emulator' };
      return (await client.token(form)).status;
    },
    { 401: 401, 400: 400 },
  ],
  pkce: [
    async (emulator) => {
      const realm = `${emulator.url}/auth/realms/jottacloud`;
      const document = await (await fetch(`${realm}/.well-known/openid-configuration`)).json();
      return (document as Record<string, unknown>).code_challenge_methods_supported;
    },
    { offered: ['plain', 'S256'], absent: undefined },
  ],
  reuseMessage: [
    async (_emulator, client) => {
      const used = client.refreshToken;
      await client.refresh();
      return JSON.parse((await client.refresh(used)).text).error_description;
    },
    { 'missing-client': "Session doesn't have required client", 'stale-token': 'Stale token' },
  ],
} satisfies Partial<Record<QuirkName, QuirkCase>>;
