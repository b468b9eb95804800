import { buffer } from 'node:stream/consumers';
import { authenticate } from './auth.ts';
import type { Call } from './call.ts';
import type { Context } from './context.ts';
import { invalidArgument, ServiceError } from './errors.ts';
import { assertQuota, assertWritable } from './locks.ts';
import { checkName } from './names.ts';
import { type Reply, xmlReply } from './reply.ts';
import { parseTime, wholeSecond } from './times.ts';
import { receive, startUpload } from './uploads.ts';
import { ensureFile, placeAt } from './writes.ts';
import { fileXml } from './xmlFile.ts';

interface Sent {
  body: AsyncIterable<Buffer>;
  size: string;
  md5: string;
  created: string;
  modified: string;
}

/**
 * `POST /jfs/…?umode=nomultipart`, or a form with the parts md5, modified, created and file (PROTOCOL.md §3.4). Answers 201
 * even when the bytes are too few or have another md5; `latestRevision` tells. Throws 400 without size or md5.
 */
export async function receiveOldUpload(context: Context, call: Call, body: AsyncIterable<Buffer>): Promise<Reply> {
  authenticate(context, call.headers.authorization, call.user);
  assertWritable(context);
  const sent = await partsOf(call, body);
  if (!/^[0-9a-f]{32}$/i.test(sent.md5)) throw invalidArgument('Upload without md5 no longer supported');
  const bytes = Number(sent.size || Number.NaN);
  if (!Number.isSafeInteger(bytes)) throw invalidArgument('JSize is missing');
  assertQuota(context, bytes);
  const place = placeAt(context, call.segments);
  for (const name of place.names) checkName(name, context.quirks);
  const file = ensureFile(context, place);
  const now = wholeSecond(Date.now());
  // Times that cannot be read count as now (§2.4).
  const times = { created: parseTime(sent.created) ?? now, modified: parseTime(sent.modified) ?? now };
  const upload = startUpload(context, file, call.segments, { md5: sent.md5, bytes, ...times });
  await receive(context, upload, 0, sent.body).catch((error: unknown) => {
    if (!(error instanceof ServiceError) || error.status !== 420) throw error;
  });
  return xmlReply(fileXml(context, file), 201);
}

async function partsOf(call: Call, body: AsyncIterable<Buffer>): Promise<Sent> {
  const header = (name: string) => [call.headers[name]].flat()[0] ?? '';
  const fromHeaders = {
    size: header('jsize'),
    md5: header('jmd5'),
    created: header('jcreated'),
    modified: header('jmodified'),
  };
  if (call.query.get('umode') === 'nomultipart') return { body, ...fromHeaders };
  const type = call.headers['content-type'] ?? '';
  const form = await new Response(await collect(body), { headers: { 'content-type': type } }).formData();
  const file = form.get('file');
  if (file === null || typeof file === 'string') throw invalidArgument('The form has no file');
  const content = Buffer.from(await file.arrayBuffer());
  const text = (name: 'md5' | 'created' | 'modified') => {
    const value = form.get(name);
    return typeof value === 'string' ? value : fromHeaders[name];
  };
  const size = fromHeaders.size || String(content.length);
  return { body: once(content), size, md5: text('md5'), created: text('created'), modified: text('modified') };
}

async function collect(body: AsyncIterable<Buffer>): Promise<Uint8Array<ArrayBuffer>> {
  return Uint8Array.from(await buffer(body));
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}
