import type { Context } from './context.ts';
import { createMountPoint } from './create.ts';
import { invalidArgument, notUnique } from './errors.ts';
import { assertQuota, assertWritable } from './locks.ts';
import { type FileNode, foldName } from './model.ts';
import { checkName } from './names.ts';
import type { Quirks } from './quirks.ts';
import { jsonReply, type Reply } from './reply.ts';
import { parseTime, wholeSecond } from './times.ts';
import { resolve, resolveBelow } from './tree.ts';
import { startUpload, type Upload } from './uploads.ts';
import { ensureFile, placeAt, setContent } from './writes.ts';

interface Request {
  path: string;
  bytes: number;
  md5: string;
  created: number;
  modified: number;
  rejectConflicts: boolean;
}

/**
 * `POST /files/v1/allocate` (PROTOCOL.md §3.1): COMPLETED when content of that md5 and size is known, else an upload
 * URL and the offset to go on from. Leaves a visible unfinished revision. Throws 400, 404, 409 or 460.
 */
export function allocate(context: Context, body: unknown, origin: string): Reply {
  assertWritable(context);
  const request = parseRequest(body, context.quirks);
  const target = targetOf(request.path);
  if (context.quirks.allocateMountPoint === 'created') ensureMountPoint(context, target);
  const place = placeAt(context, target);
  if (place.names.length === 0) throw invalidArgument(`Path ${request.path} names no file`);
  for (const name of place.names) checkName(name, context.quirks);
  const existing = resolveBelow(place.mountPoint, place.names);
  if (existing && existing.kind !== 'file' && existing.deleted === undefined) throw notUnique(request.path);
  const file = existing?.kind === 'file' ? existing : undefined;
  if (request.rejectConflicts && file?.current && file.deleted === undefined) throw notUnique(request.path);
  if (context.quirks.quotaAt === 'allocate') assertQuota(context, request.bytes);
  const { path, bytes, md5, created, modified } = request;
  if (isKnown(context, request, file)) {
    const done = ensureFile(context, place);
    setContent(context, done, { size: bytes, md5, created, modified });
    const reply = {
      name: done.name,
      path,
      state: 'COMPLETED',
      upload_id: '',
      upload_url: '',
      bytes,
      resume_pos: context.quirks.dedupResumePos === 'bytes' ? bytes : 0,
    };
    return jsonReply(reply, Number(context.quirks.dedupStatus));
  }
  const unfinished = file ?? ensureFile(context, place);
  const promised = { md5, bytes, created, modified };
  const upload = continued(context, unfinished, request) ?? startUpload(context, unfinished, target, promised);
  // The file may have been moved since: the upload ends where it was asked for last.
  Object.assign(upload, { created, modified, target });
  const state = unfinished.latest?.state === 'CORRUPT' ? 'CORRUPT' : context.quirks.allocateState;
  const answer = { name: unfinished.name, path, state, upload_id: upload.id, bytes, resume_pos: upload.received };
  return jsonReply({ ...answer, upload_url: `${origin}/upload/${upload.id}-${upload.serial}` });
}

function isKnown({ quirks, blobs }: Context, { bytes, md5 }: Request, file: FileNode | undefined): boolean {
  if (file?.current?.size === bytes && file.current.md5.toLowerCase() === md5.toLowerCase()) return true;
  if (bytes === 0) return quirks.emptyFile === 'completed' && blobs.has(md5, 0);
  return quirks.dedup === 'on' && blobs.has(md5, bytes);
}

function continued(context: Context, file: FileNode, { md5, bytes }: Request): Upload | undefined {
  const upload = file.latest && context.uploads.get(file.latest.uploadId);
  return upload && upload.bytes === bytes && upload.md5.toLowerCase() === md5.toLowerCase() ? upload : undefined;
}

function ensureMountPoint(context: Context, [device = '', name = '']: string[]): void {
  if (context.account.devices.has(foldName(device)) && !resolve(context.account, [device, name])) {
    createMountPoint(context, device, name);
  }
}

/** `/jfs/<device>/<mountpoint>/…`, or without `/jfs/<device>` on the device Jotta. */
function targetOf(path: string): string[] {
  const segments = path.split('/').filter(Boolean);
  return segments[0] === 'jfs' ? segments.slice(1) : ['Jotta', ...segments];
}

function parseRequest(body: unknown, quirks: Quirks): Request {
  if (typeof body !== 'object' || body === null) throw invalidArgument('The body is not a JSON object');
  const { path, bytes, md5, created, modified, conflict_handler: handler } = body as Record<string, unknown>;
  if (typeof path !== 'string' || path === '') throw invalidArgument('path is missing');
  if (typeof bytes !== 'number' || !Number.isSafeInteger(bytes) || bytes < 0) throw invalidArgument('bytes is missing');
  if (typeof md5 !== 'string' || !/^[0-9a-fA-F]{32}$/.test(md5)) throw invalidArgument('md5 is missing');
  if (handler !== undefined && handler !== 'CREATE_NEW_REVISION' && handler !== 'REJECT_CONFLICTS') {
    throw invalidArgument(`conflict_handler ${String(handler)} is unknown`);
  }
  if (handler !== undefined && quirks.conflictStatus === 'refused')
    throw invalidArgument('conflict_handler is unknown');
  if (quirks.requests === 'strict' && (!created || !modified))
    throw invalidArgument('created and modified are missing');
  const now = wholeSecond(Date.now());
  const times = { created: timeOr(created, 'created', now), modified: timeOr(modified, 'modified', now) };
  return {
    path,
    bytes,
    md5,
    ...times,
    rejectConflicts: handler === 'REJECT_CONFLICTS' && quirks.conflictStatus !== 'ignored',
  };
}

function timeOr(value: unknown, name: string, now: number): number {
  if (value === undefined || value === null) return now;
  const time = parseTime(value);
  if (time === undefined) throw invalidArgument(`${name} is not a time`);
  return time;
}
