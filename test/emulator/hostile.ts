import type { Call } from './call.ts';
import type { Context } from './context.ts';
import { hostileJson } from './hostileJson.ts';
import { jsonReply, type Reply } from './reply.ts';
import { escapeAttribute, escapeText, preserved, prolog, rootAttributes } from './xmlText.ts';

/** Answers no client should believe, each of status 200. */
export const hostileVariants = [
  /** A document that never seems to end, sent as it is made; `bytes` long, 1 GiB without. */
  'huge',
  /** Nothing at all. */
  'empty',
  /** A page as a hotel or a proxy puts in the way. */
  'html',
  /** JSON where XML is due, and the reverse. */
  'other-format',
  /** Well formed, of another type. */
  'wrong-root',
  /** Ends in the middle of an element, yet as long as announced. */
  'cut-document',
  /** Bytes that are no UTF-8. */
  'bad-utf8',
  /** Entities that grow to gigabytes. */
  'entity-bomb',
  /** An entity that names a local file. */
  'external-entity',
  /** 200,000 elements inside each other. */
  'deep',
  /** A name of a million characters. */
  'long-name',
  'name-slash',
  'name-nul',
  'name-dot-dot',
  /** A line break and an escape character. */
  'name-control',
  'name-empty',
  /** Two files whose names differ only in case. */
  'name-twice',
  'negative-size',
  'huge-size',
  'bad-time',
  /** Counts of a listing that do not add up. */
  'bad-counts',
  /** An address to go on to that is none of the web. */
  'bad-url',
] as const;

export type HostileVariant = (typeof hostileVariants)[number];

const jsonKinds = new Set<Call['kind']>(['wellKnown', 'token', 'customer', 'allocate', 'upload', 'purgeTrash']);
const depth = 200_000;

/** What `variant` answers to this call: in the shape that the call asks for, as far as the variant leaves it one. */
export function hostileReply(context: Context, call: Call, variant: HostileVariant, bytes = 2 ** 30): Reply {
  const json = jsonKinds.has(call.kind);
  switch (variant) {
    case 'empty':
      return { status: 200, headers: {}, body: '' };
    case 'html':
      return { ...typed('text/html'), body: '<!DOCTYPE html><html><body><p>Please sign in<br></body></html>' };
    case 'other-format':
      return json ? { ...typed('application/xml'), body: `${prolog}<error><code>200</code></error>` } : jsonReply({});
    case 'huge':
      return { ...typed(json ? 'application/json' : 'application/xml'), body: huge(context, call, json, bytes) };
    default:
      if (json) return { ...typed('application/json'), body: hostileJson(variant, depth) };
      return { ...typed('application/xml'), body: hostileXml(context, call, variant) };
  }
}

function typed(type: string): Omit<Reply, 'body'> {
  return { status: 200, headers: { 'content-type': `${type};charset=UTF-8` } };
}

async function* huge(context: Context, call: Call, json: boolean, bytes: number): AsyncGenerator<string> {
  const [open, close] = json ? ['{"filler":[0', ']}'] : frame(context, call);
  let sent = open.length + close.length;
  yield open;
  for (let at = 0; sent < bytes; ) {
    let part = '';
    while (part.length < 64 * 1024 && sent + part.length < bytes) {
      part += json ? ',0,1,2,3,4,5,6,7,8,9' : entry(call, { name: `file ${at++}` });
    }
    sent += part.length;
    yield part;
  }
  yield close;
}

function hostileXml(context: Context, call: Call, variant: HostileVariant): string | AsyncIterable<Uint8Array> {
  const [open, close] = frame(context, call);
  const around = (inside: string) => open + inside + close;
  const declared = (type: string, inside: string) => around(inside).replace(prolog, `${prolog}${type}\n`);
  switch (variant) {
    case 'wrong-root':
      return `${prolog}<playlist${rootAttributes(context)}><track/></playlist>`;
    case 'cut-document':
      return `${open}${entry(call, { name: 'whole' })}<file name="cut`;
    case 'bad-utf8':
      return rawBytes(around(entry(call, { name: '\u0001' })));
    case 'entity-bomb':
      return declared(bombType(), entry(call, { raw: '&j;' }));
    case 'external-entity':
      return declared('<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/hostname">]>', entry(call, { raw: '&f;' }));
    case 'deep':
      return around('<folder>'.repeat(depth) + '</folder>'.repeat(depth));
    case 'long-name':
      return around(entry(call, { name: 'x'.repeat(1_000_000) }));
    case 'name-slash':
      return around(entry(call, { name: '../../outside' }));
    case 'name-nul':
      return around(entry(call, { raw: 'a&#0;b' }));
    case 'name-dot-dot':
      return around(entry(call, { name: '..' }));
    case 'name-control':
      return around(entry(call, { raw: 'a&#10;b&#27;c' }));
    case 'name-empty':
      return around(entry(call, { name: '' }));
    case 'name-twice':
      return around(entry(call, { name: 'Twin' }) + entry(call, { name: 'TWIN' }));
    case 'negative-size':
      return around(entry(call, { name: 'odd', size: '-5' }));
    case 'huge-size':
      return around(entry(call, { name: 'odd', size: '99999999999999999999999999' }));
    case 'bad-time':
      return around(entry(call, { name: 'odd', time: '2026-13-45-T99:99:99Z' }));
    case 'bad-counts':
      return around(entry(call, { name: 'one' }))
        .replace(/ total="\d+"/, ' total="7"')
        .replace('<files>1</files>', '<files>7</files>');
    default:
      // XML holds no address to go on to: one file that is not there.
      return around(entry(call, { name: 'one' }));
  }
}

/** What comes before and after the entries of a document such as the call asks for. */
function frame(context: Context, call: Call): [open: string, close: string] {
  const names = [context.account.user, ...call.segments];
  const name = names.at(-1) ?? '';
  const parent = `/${names.slice(0, -1).join('/')}`;
  const places = preserved('path', parent) + preserved('abspath', parent);
  const root = rootAttributes(context);
  if (call.kind === 'liststream') {
    const path = `/${call.segments.slice(1).join('/')}`;
    const open = `${prolog}<liststream${root}><folder><path>${escapeText(path)}</path></folder>`;
    return [open, '<stats><folders>1</folders><files>1</files></stats></liststream>'];
  }
  const count = '<metadata first="" max="" total="1" num_folders="0" num_files="1"/>';
  if (call.kind !== 'list') return [prolog, ''];
  if (names.length === 1) {
    return [`${prolog}<user${root}><username>${escapeText(name)}</username><devices>`, '</devices></user>'];
  }
  if (names.length === 2)
    return [`${prolog}<device${root}>${preserved('name', name)}<mountPoints>`, '</mountPoints></device>'];
  if (names.length === 3) {
    return [`${prolog}<mountPoint${root}>${preserved('name', name)}${places}<files>`, `</files>${count}</mountPoint>`];
  }
  const head = `${prolog}<folder name="${escapeAttribute(name)}"${root}>${places}<files>`;
  return [head, `</files>${count}</folder>`];
}

/** One entry: a file, or what the document of an account or device lists. `raw` is a name already escaped. */
function entry(call: Call, given: { name?: string; raw?: string; size?: string; time?: string }): string {
  const { size = '1', time = '2026-01-01-T00:00:00Z' } = given;
  const md5 = '<md5>c4ca4238a0b923820dcc509a6f75849b</md5>';
  const name = given.raw ?? escapeAttribute(given.name ?? '');
  if (call.kind === 'liststream') {
    const path = escapeText(`/${call.segments.slice(1).join('/')}`);
    const iso = given.time ?? '2026-01-01T00:00:00.000Z';
    return (
      `<file><path>${path}</path><filename>${name}</filename>${md5}<size>${size}</size>` +
      `<modified>${iso}</modified><created>${iso}</created></file>`
    );
  }
  if (call.kind === 'list' && call.segments.length < 2) {
    const tag = call.segments.length === 0 ? 'device' : 'mountPoint';
    return `<${tag}><name xml:space="preserve">${name}</name><size>${size}</size><modified>${time}</modified></${tag}>`;
  }
  return (
    `<file name="${name}" uuid="00000000-0000-4000-8000-000000000000"><currentRevision><number>1</number>` +
    `<state>COMPLETED</state><created>${time}</created><modified>${time}</modified><mime>text/plain</mime>` +
    `<size>${size}</size>${md5}<updated>${time}</updated></currentRevision></file>`
  );
}

/** Ten entities, each ten times the one before. */
function bombType(): string {
  const letters = 'abcdefghij';
  const entities = Array.from(letters, (letter, at) => {
    const former = letters[at - 1];
    return `<!ENTITY ${letter} "${former === undefined ? 'lol'.repeat(100) : `&${former};`.repeat(10)}">`;
  });
  return `<!DOCTYPE x [${entities.join('')}]>`;
}

/** Puts the bytes C3 28 where the text has U+0001. */
async function* rawBytes(text: string): AsyncGenerator<Uint8Array> {
  const [before = '', after = ''] = text.split('\u0001');
  yield Buffer.concat([Buffer.from(before), Buffer.from([0xc3, 0x28]), Buffer.from(after)]);
}
