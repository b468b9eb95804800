import { authenticate } from './auth.ts';
import { type Call, commandOf } from './call.ts';
import { commands } from './commands.ts';
import type { Context } from './context.ts';
import { createOrFail } from './create.ts';
import { download } from './download.ts';
import { invalidArgument, noSuchFile, noSuchPath, ServiceError } from './errors.ts';
import { liststream } from './liststream.ts';
import { assertReadable, assertWritable } from './locks.ts';
import { jfsPath, missing } from './lookup.ts';
import type { Container, FileNode, Thing } from './model.ts';
import { assertAddressable } from './names.ts';
import { type Reply, xmlReply } from './reply.ts';
import { share } from './sharing.ts';
import { thumbnail } from './thumbnail.ts';
import { resolveInTrash } from './trash.ts';
import { pathOf, resolve } from './tree.ts';
import { deviceXml, listingXml, userXml } from './xml.ts';
import { fileXml } from './xmlFile.ts';
import { onLines } from './xmlText.ts';
import { flatXml, searchXml, trashXml } from './xmlViews.ts';

/** Everything below `/jfs/` but uploads (PROTOCOL.md §2). */
export function handleJfs(context: Context, call: Call): Reply {
  if (call.user === undefined) {
    throw new ServiceError(400, 'UsernameNotFoundException', 'Username not found in url!');
  }
  assertAddressable(call.segments, context.quirks);
  authenticate(context, call.headers.authorization, call.user);
  const reply = call.method === 'GET' ? get(context, call) : post(context, call);
  if (context.quirks.xmlLayout === 'lines' && typeof reply.body === 'string') reply.body = onLines(reply.body);
  return reply;
}

function post(context: Context, call: Call): Reply {
  if (call.method !== 'POST') throw new ServiceError(405, 'MethodNotAllowedException', `Method ${call.method}`);
  assertWritable(context);
  // A body type turns a command into an upload attempt, which finds no file (§2.1).
  const type = call.headers['content-type'] ?? '';
  if (/octet-stream|multipart/.test(type)) throw noSuchFile(`/${[call.user, ...call.segments].join('/')}`);
  const place = resolve(context.account, call.segments.slice(0, 2));
  const isOthers = place?.kind === 'mountPoint' && place.view === 'Shared';
  if (isOthers) throw new ServiceError(403, 'ForbiddenException', 'Not yours to change');
  const command = commandOf(call);
  if (command === undefined) return createOrFail(context, call);
  const reply = commands[command](context, call);
  if (command !== 'mv' && command !== 'mvDir') return reply;
  const { moveAnswer } = context.quirks;
  if (moveAnswer === '200') return reply;
  if (moveAnswer === '404-though-done') throw noSuchPath(jfsPath(context, call));
  throw new ServiceError(500, 'InternalServerErrorException', 'Internal error');
}

/** Of a GET (§2.2). */
const modes: ReadonlySet<string> = new Set(['bin', 'thumb', 'enableShare', 'disableShare', 'list', 'liststream']);

function get(context: Context, call: Call): Reply {
  const { account, quirks } = context;
  if (call.segments.length > 0) assertReadable(context);
  const thing = resolve(account, call.segments);
  const mode = call.query.get('mode');
  if (quirks.requests === 'strict' && mode !== null && !modes.has(mode))
    throw invalidArgument(`mode ${mode} is unknown`);
  if (!thing) return fromTrash(context, call) ?? fail(missing(context, call, 'folder'));
  switch (mode) {
    case 'bin':
    case 'thumb':
      if (thing.kind !== 'file') throw missing(context, call, 'file');
      return content(context, call, thing);
    case 'enableShare':
    case 'disableShare':
      return share(context, thing, mode === 'enableShare');
    case 'list':
    case 'liststream':
      if (thing.kind !== 'folder' && thing.kind !== 'mountPoint') throw missing(context, call, 'folder');
      if (mode === 'list') return xmlReply(flatXml(context, thing));
      if (thing.deleted !== undefined) throw noSuchPath(pathOf(account, thing));
      return listTree(context, call, thing);
    default:
      return xmlReply(documentOf(context, thing, call));
  }
}

function listTree(context: Context, call: Call, folder: Container): Reply {
  switch (context.quirks.liststream) {
    case 'given':
      return { ...xmlReply(''), body: liststream(context, folder) };
    case 'listing':
      return xmlReply(documentOf(context, folder, call));
    case '400':
      throw invalidArgument('mode liststream is unknown');
    case '404':
      throw missing(context, call, 'folder');
  }
}

function content(context: Context, call: Call, file: FileNode): Reply {
  if (call.query.get('mode') === 'thumb') return thumbnail(context, file);
  return download(context, file, call.query.get('revision'), call.headers.range);
}

/** A path below the view Trash (quirk `trashPaths`). */
function fromTrash(context: Context, call: Call): Reply | undefined {
  const view = resolve(context.account, call.segments.slice(0, 2));
  if (view?.kind !== 'mountPoint' || view.view !== 'Trash' || context.quirks.trashPaths === '404') return undefined;
  const node = resolveInTrash(context.account, call.segments.slice(2));
  if (node === undefined) return undefined;
  if (node.kind === 'file' && call.query.has('mode')) return content(context, call, node);
  const inTrash = [pathOf(context.account, view), ...call.segments.slice(2, -1)].join('/');
  return xmlReply(node.kind === 'file' ? fileXml(context, node, inTrash) : listingXml(context, node, inTrash));
}

function documentOf(context: Context, thing: Thing, call: Call): string {
  switch (thing.kind) {
    case 'user':
      return userXml(context);
    case 'device':
      return deviceXml(context, thing);
    case 'file':
      return fileXml(context, thing);
    case 'folder':
      return listingXml(context, thing);
    case 'mountPoint':
      if (thing.view === 'Trash') return trashXml(context, thing);
      if (thing.view === 'Latest' || thing.view === 'Links') {
        return searchXml(context, thing.view, Number(call.query.get('max') ?? 0) || 1000);
      }
      return listingXml(context, thing);
  }
}

function fail(error: Error): never {
  throw error;
}
