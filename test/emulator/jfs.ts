import { randomBytes } from 'node:crypto';
import { authenticate } from './auth.ts';
import { type Call, commandOf } from './call.ts';
import { commands, createOrFail } from './commands.ts';
import type { Context } from './context.ts';
import { download } from './download.ts';
import { noSuchFile, noSuchPath, PlainError, ServiceError } from './errors.ts';
import { liststream } from './liststream.ts';
import type { Thing } from './model.ts';
import { type Reply, xmlReply } from './reply.ts';
import { mountPointOf, pathOf, resolve, touch } from './tree.ts';
import { assertWritable } from './writes.ts';
import { deviceXml, flatXml, listingXml, searchXml, trashXml, userXml } from './xml.ts';
import { fileXml } from './xmlFile.ts';

/** Everything below `/jfs/` (jottacloud-protocol.md §2). */
export function handleJfs(context: Context, call: Call): Reply {
  if (call.user === undefined) {
    throw new ServiceError(400, 'UsernameNotFoundException', 'Username not found in url!');
  }
  authenticate(context, call.headers.authorization, call.user);
  if (call.method === 'GET') {
    const percent = call.segments.some((name) => name.includes('%'));
    if (percent && context.quirks.percentInName === '400') throw new PlainError(400, 'Bad request');
    return get(context, call);
  }
  if (call.method !== 'POST') throw new ServiceError(405, 'MethodNotAllowedException', `Method ${call.method}`);
  assertWritable(context);
  // A body type turns a command into an upload attempt, which finds no file (§2.1).
  const type = call.headers['content-type'] ?? '';
  if (/octet-stream|multipart/.test(type)) throw noSuchFile(`/${[call.user, ...call.segments].join('/')}`);
  const command = commandOf(call);
  return command ? commands[command](context, call) : createOrFail(context, call);
}

function get(context: Context, call: Call): Reply {
  const { account } = context;
  const thing = resolve(account, call.segments);
  if (!thing) throw noSuchPath(`/${[account.user, ...call.segments].join('/')}`);
  const mode = call.query.get('mode');
  if (mode === 'bin' || mode === 'thumb') {
    const thumbless = mode === 'thumb' && thing.kind === 'file' && !thing.current?.mime.startsWith('image/');
    if (thing.kind !== 'file' || thumbless) throw noSuchFile(`/${[account.user, ...call.segments].join('/')}`);
    return download(context, thing, call.query.get('revision'), call.headers.range);
  }
  if (mode === 'enableShare' || mode === 'disableShare') return share(context, thing, mode === 'enableShare');
  if ((mode === 'list' || mode === 'liststream') && (thing.kind === 'folder' || thing.kind === 'mountPoint')) {
    if (mode === 'list') return xmlReply(flatXml(account, thing));
    if (thing.deleted !== undefined) throw noSuchPath(pathOf(account, thing));
    return { status: 200, headers: { 'content-type': 'application/xml;charset=UTF-8' }, body: liststream(thing) };
  }
  if (mode === 'liststream') throw noSuchPath(`/${[account.user, ...call.segments].join('/')}`);
  return xmlReply(documentOf(context, thing, call));
}

function documentOf(context: Context, thing: Thing, call: Call): string {
  const { account } = context;
  switch (thing.kind) {
    case 'user':
      return userXml(account);
    case 'device':
      return deviceXml(account, thing);
    case 'file':
      return fileXml(context, thing);
    case 'folder':
      return listingXml(account, thing);
    case 'mountPoint':
      if (thing.view === 'Trash') return trashXml(account, thing);
      if (thing.view === 'Latest' || thing.view === 'Links') {
        return searchXml(account, thing.view, Number(call.query.get('max') ?? 0) || 1000);
      }
      return listingXml(account, thing);
  }
}

/** Public links: a GET that changes things (§2.10). */
function share(context: Context, thing: Thing, enable: boolean): Reply {
  assertWritable(context);
  if ((thing.kind !== 'file' && thing.kind !== 'folder') || thing.deleted !== undefined) throw noSuchFile('to share');
  thing.publicUri = enable ? (thing.publicUri ?? randomBytes(16).toString('hex')) : undefined;
  touch(context, mountPointOf(thing.parent));
  return xmlReply(thing.kind === 'file' ? fileXml(context, thing) : listingXml(context.account, thing));
}
