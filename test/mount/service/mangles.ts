import { md5 as md5Of } from '../../support/md5.ts';
import type { Answer, Asked, Mangle } from './mangler.ts';

/** A way to do less than is hoped for, with one of the things that only some clients have proved, or none. */
export interface Case extends Mangle {
  /** What is refused, ignored or mangled, a colon, and how. */
  readonly name: string;
  /** Times cannot reach the account. */
  readonly losesTimes?: boolean;
}

function refusals(what: string, applies: (asked: Asked) => boolean, statuses: readonly number[]): Case[] {
  return statuses.map((status) => ({
    name: `${what}: refused with ${status}`,
    ask: (asked) =>
      applies(asked) ? { status, headers: { 'content-type': 'text/plain' }, body: Buffer.from('No') } : undefined,
  }));
}

function onAsk(applies: (asked: Asked) => boolean, change: (asked: Asked) => void): NonNullable<Mangle['ask']> {
  return (asked) => {
    if (applies(asked)) change(asked);
    return undefined;
  };
}

function onAnswer(
  applies: (asked: Asked) => boolean,
  change: (answer: Answer, asked: Asked, origin: string) => void,
): NonNullable<Mangle['answer']> {
  return (answer, asked, origin) => {
    if (applies(asked) && (answer.status < 300 || answer.status === 409)) change(answer, asked, origin);
  };
}

const always = (): boolean => true;
const isTree = ({ url }: Asked): boolean => url.startsWith('/jfs/') && !url.includes('mode=bin');
const isContent = ({ url }: Asked): boolean => url.includes('mode=bin');
const isAllocate = ({ url }: Asked): boolean => url.startsWith('/files/v1/allocate');
const isCphash = ({ url }: Asked): boolean => url.includes('?cphash');
const isListStream = ({ url }: Asked): boolean => url.includes('mode=liststream');
const isOdd = (url: string): boolean => /%5C|%3B|%25/.test(url);

function isPart(asked: Asked): boolean {
  return isContent(asked) && asked.headers.range !== undefined;
}

function isPinnedPart(asked: Asked): boolean {
  return isPart(asked) && asked.url.includes('revision=');
}

function hasHandler(asked: Asked): boolean {
  return isAllocate(asked) && 'conflict_handler' in JSON.parse(String(asked.body));
}

function isOddAllocate(asked: Asked): boolean {
  return isAllocate(asked) && /[\\;%]/.test((JSON.parse(String(asked.body)) as { path: string }).path);
}

/** What stands in front of services says of what it takes for an attack. */
function firewall(): Answer {
  return { status: 400, headers: { 'content-type': 'text/plain' }, body: Buffer.from('Bad Request') };
}

function dropRange(asked: Asked): void {
  delete asked.headers.range;
}

function dropRevision(asked: Asked): void {
  replaceInUrl(asked, /&revision=\d+/, '');
}

/** One byte later, where there is one. */
function shiftRange(asked: Asked): void {
  const [, start, end] = /^bytes=(\d+)-(\d+)$/.exec(asked.headers.range ?? '') ?? [];
  if (Number(start) < Number(end)) asked.headers.range = `bytes=${Number(start) + 1}-${end}`;
}

function dropQuery(asked: Asked): void {
  replaceInUrl(asked, /\?.*$/, '');
  // Without its command it is a look.
  if (asked.method === 'POST') Object.assign(asked, { method: 'GET' });
}

function replaceInUrl(asked: Asked, what: RegExp, by: string): void {
  asked.url = asked.url.replace(what, by);
}

const timeTags = /<(created|modified|updated)>[^<]*<\/\1>/g;

function replaceInBody(answer: Answer, what: RegExp, by: string): void {
  if (!String(answer.headers['content-type']).includes('xml')) return;
  setBody(answer, String(answer.body).replace(what, by));
}

function setBody(answer: Answer, text: string): void {
  answer.body = Buffer.from(text);
  if (answer.headers['content-length'] !== undefined) answer.headers['content-length'] = String(answer.body.length);
}

function setHeader(answer: Answer, name: string, value: string): void {
  answer.headers[name] = value;
}

function drop(...names: readonly string[]): (answer: Answer) => void {
  return ({ headers }) => {
    for (const name of names) delete headers[name];
  };
}

function changeJson(asked: Asked, change: (json: Record<string, unknown>) => void): void {
  const json = JSON.parse(String(asked.body)) as Record<string, unknown>;
  change(json);
  asked.body = Buffer.from(JSON.stringify(json));
}

function dropHandler(asked: Asked): void {
  changeJson(asked, (json) => delete json.conflict_handler);
}

function dropTimes(asked: Asked): void {
  delete asked.headers.jcreated;
  delete asked.headers.jmodified;
  if (!isAllocate(asked)) return;
  changeJson(asked, (json) => {
    delete json.created;
    delete json.modified;
  });
}

function failOnConflict(answer: Answer): void {
  if (answer.status !== 409) return;
  answer.status = 500;
  setBody(answer, '');
}

/** COMPLETED becomes an upload that goes nowhere. */
function wantAllBytes(answer: Answer, asked: Asked, origin: string): void {
  const json = JSON.parse(String(answer.body)) as Record<string, unknown>;
  if (json.state !== 'COMPLETED') return;
  const { bytes, md5 } = JSON.parse(String(asked.body)) as Record<string, unknown>;
  const url = `${origin}/swallow/${String(md5)}/${String(bytes)}`;
  setBody(answer, JSON.stringify({ ...json, state: 'INCOMPLETE', resume_pos: 0, upload_url: url }));
}

function swallow({ url, body }: Asked): Answer | undefined {
  if (!url.startsWith('/swallow/')) return undefined;
  const md5 = md5Of(body);
  const json = { md5, bytes: body.length, modified: Date.now() };
  return { status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify(json)) };
}

function tellOtherwise(answer: Answer): void {
  const json = JSON.parse(String(answer.body)) as Record<string, unknown>;
  if (json.state !== 'COMPLETED') return;
  const { upload_url: _, ...rest } = json;
  answer.status = 201;
  setBody(answer, JSON.stringify({ ...rest, resume_pos: 0, bytes: 0 }));
}

function answerPage(answer: Answer): void {
  answer.headers['content-type'] = 'text/html';
  setBody(answer, '<!DOCTYPE html><html><body>Welcome</body></html>');
}

function cut(answer: Answer): void {
  setBody(answer, String(answer.body).slice(0, answer.body.length / 2));
}

/** First what shows only while a drive has seen nothing of its kind yet; those of a kind are dealt to different drives. */
export const cases: readonly Case[] = [
  { name: 'parts by revision: revision ignored', ask: onAsk(isPinnedPart, dropRevision) },
  { name: 'names: cut off at ;', ask: onAsk(always, (asked) => replaceInUrl(asked, /%3B[^/?&]*/g, '')) },
  { name: 'names: \\ taken for /', ask: onAsk(always, (asked) => replaceInUrl(asked, /%5C/g, '/')) },
  { name: 'names: \\ ; % refused in addresses', ask: (asked) => (isOdd(asked.url) ? firewall() : undefined) },
  {
    name: 'names: \\ ; % refused everywhere',
    ask: (asked) => (isOdd(asked.url) || isOddAllocate(asked) ? firewall() : undefined),
  },
  { name: 'conflict_handler: conflicts are a 500', answer: onAnswer(hasHandler, failOnConflict) },
  ...refusals('conflict_handler', hasHandler, [400, 500]),
  { name: 'conflict_handler: ignored', ask: onAsk(hasHandler, dropHandler) },
  ...refusals('parts by revision', isPinnedPart, [400, 404, 500]),
  { name: 'times: ignored', ask: onAsk(always, dropTimes), losesTimes: true },
  { name: 'parts by revision: Range ignored', ask: onAsk(isPinnedPart, dropRange) },
  { name: 'parts by revision: without Content-Range', answer: onAnswer(isPinnedPart, drop('content-range')) },
  ...refusals('parts', isPart, [400, 416, 501]),
  { name: 'parts: ignored', ask: onAsk(isPart, dropRange) },
  { name: 'parts: another one comes', ask: onAsk(isPart, shiftRange) },
  { name: 'parts: without Content-Range', answer: onAnswer(isPart, drop('content-range')) },
  {
    name: 'times: absent from answers',
    answer: onAnswer(isTree, (answer) => replaceInBody(answer, timeTags, '<$1/>')),
  },
  {
    name: 'times: nonsense',
    answer: onAnswer(isTree, (answer) => replaceInBody(answer, timeTags, '<$1>yesterday</$1>')),
  },
  { name: 'dedup: never', answer: onAnswer(isAllocate, wantAllBytes), ask: swallow },
  { name: 'dedup: told otherwise', answer: onAnswer(isAllocate, tellOtherwise) },
  ...refusals('cphash', isCphash, [400, 404, 500]),
  { name: 'cphash: ignored', ask: onAsk(isCphash, dropQuery) },
  { name: 'cphash: a page for an answer', answer: onAnswer(isCphash, answerPage) },
  ...refusals('liststream', isListStream, [400, 404, 500]),
  { name: 'liststream: ignored', ask: onAsk(isListStream, dropQuery) },
  { name: 'liststream: cut', answer: onAnswer(isListStream, cut) },
  {
    name: 'headers: an ETag of something else',
    answer: onAnswer(isContent, (answer) => setHeader(answer, 'etag', `"${'0'.repeat(32)}"`)),
  },
  { name: 'headers: a weak ETag', answer: onAnswer(isContent, (answer) => setHeader(answer, 'etag', 'W/"x;y"')) },
  {
    name: 'headers: no lengths and dates',
    answer: onAnswer(isContent, drop('content-length', 'date', 'last-modified', 'accept-ranges')),
  },
];

/** All cases in as many hands, dealt like cards: of most kinds, a drive meets one. */
export function deal(hands: number): Case[][] {
  return Array.from({ length: hands }, (_, hand) => cases.filter((_case, at) => at % hands === hand));
}
