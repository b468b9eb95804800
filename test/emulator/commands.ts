import type { Call } from './call.ts';
import type { Context } from './context.ts';
import { createMountPoint } from './create.ts';
import { invalidArgument, ServiceError } from './errors.ts';
import { announce } from './events.ts';
import { existing, jfsPath, missing, sourceOf, targetOf } from './lookup.ts';
import { type FolderNode, foldName, type MountPointNode } from './model.ts';
import { copyFile, moveFile, moveFolder } from './moves.ts';
import { type Reply, xmlReply } from './reply.ts';
import { parseTime, wholeSecond } from './times.ts';
import { findChild, findLive, resolve, touch } from './tree.ts';
import {
  destroy,
  ensureFile,
  ensureFolder,
  forgetUploads,
  placeAt,
  setContent,
  stampDeleted,
  trash,
} from './writes.ts';
import { bareDeviceXml, bareXml, listingXml, userXml } from './xml.ts';
import { fileXml } from './xmlFile.ts';

type Command = (context: Context, call: Call) => Reply;

/** The POST commands of PROTOCOL.md §2.3, each on the path of the call. A command for the other kind is a 404. */
export const commands: Record<'mkDir' | 'dl' | 'dlDir' | 'rm' | 'rmDir' | 'mv' | 'mvDir' | 'cp' | 'cphash', Command> = {
  mkDir(context, call) {
    const [device = '', name = ''] = call.segments;
    if (call.segments.length < 2) throw invalidArgument('mkDir needs a path below a device');
    if (!resolve(context.account, [device, name])) createMountPoint(context, device, name);
    const place = placeAt(context, call.segments);
    const folder = ensureFolder(context, place, context.quirks.mkDirUntrashes !== 'off');
    return xmlReply(bareXml(context, folder));
  },

  dl(context, call) {
    const thing = existing(context, call, 'file');
    if (thing.kind === 'file') {
      if (thing.deleted !== undefined && context.quirks.dlOfTrashed === '404') throw missing(context, call, 'file');
      trash(context, thing);
      return xmlReply(fileXml(context, thing));
    }
    if (thing.kind === 'folder' && context.quirks.dlOnFolder !== '404') {
      // The trap of §2.3: dl on a folder removes it without a trace in the trash.
      if (context.quirks.dlOnFolder === 'vanishes') destroy(context, thing);
      else trash(context, thing);
      return xmlReply(bareXml(context, thing));
    }
    if (thing.kind !== 'mountPoint' || thing.view !== undefined) throw missing(context, call, 'file');
    if (context.quirks.dlOnMountPoint === 'gone') removeMountPoint(context, thing);
    stampDeleted(thing, wholeSecond(Date.now()));
    touch(context, thing);
    announce(context, 'DELETE_MP', thing);
    return xmlReply(bareXml(context, thing));
  },

  dlDir(context, call) {
    const thing = existing(context, call, 'folder');
    if (thing.kind !== 'folder') throw missing(context, call, 'folder');
    trash(context, thing);
    return xmlReply(bareXml(context, thing));
  },

  rm(context, call) {
    const thing = existing(context, call, 'file');
    if (thing.kind === 'file') {
      destroy(context, thing);
      return xmlReply(fileXml(context, thing));
    }
    if (thing.kind === 'mountPoint' && thing.view === undefined) {
      removeMountPoint(context, thing);
      announce(context, 'DELETE_MP', thing);
      return xmlReply(bareDeviceXml(context, thing.device));
    }
    if (thing.kind === 'device' && thing.type !== 'JOTTA') {
      for (const mountPoint of thing.mountPoints.values()) forgetUploads(context, mountPoint);
      context.account.devices.delete(foldName(thing.name));
      context.account.usage = undefined;
      context.changed();
      announce(context, 'DELETE_DEVICE', thing);
      return xmlReply(userXml(context));
    }
    throw missing(context, call, 'file');
  },

  rmDir(context, call) {
    const thing = existing(context, call, 'folder');
    if (thing.kind !== 'folder') throw missing(context, call, 'folder');
    removeFolder(context, thing);
    return xmlReply(listingXml(context, thing.parent));
  },

  mv(context, call) {
    const thing = sourceOf(context, call);
    if (thing?.kind !== 'file') {
      throw new ServiceError(404, 'NoSuchFileException', `Source file ${jfsPath(context, call)} does not exist`);
    }
    return xmlReply(fileXml(context, moveFile(context, thing, targetOf(context, call.query.get('mv')))));
  },

  mvDir(context, call) {
    const thing = sourceOf(context, call);
    if (thing?.kind !== 'folder') {
      throw new ServiceError(404, 'NoSuchPathException', `Source directory ${jfsPath(context, call)} does not exist`);
    }
    return xmlReply(bareXml(context, moveFolder(context, thing, targetOf(context, call.query.get('mvDir')))));
  },

  cp(context, call) {
    const thing = sourceOf(context, call);
    if (thing?.kind !== 'file' || !thing.current) throw missing(context, call, 'file');
    const copy = copyFile(context, thing, thing.current, targetOf(context, call.query.get('cp')));
    return xmlReply(fileXml(context, copy));
  },

  cphash(context, call) {
    const header = (name: string) => [call.headers[name]].flat()[0] ?? '';
    const size = Number(header('jsize') || Number.NaN);
    const md5 = header('jmd5');
    if (!Number.isSafeInteger(size) || !/^[0-9a-f]{32}$/i.test(md5)) throw invalidArgument('JSize and JMd5 are needed');
    const { cphash, dedup } = context.quirks;
    if (cphash === '400') throw invalidArgument('cphash is unknown');
    const thing = resolve(context.account, call.segments);
    if ((thing && thing.kind !== 'file') || cphash === '404') throw missing(context, call, 'file');
    if (cphash === 'ignored' && thing) return xmlReply(fileXml(context, thing));
    const current = thing?.current;
    const same = current?.size === size && current.md5.toLowerCase() === md5.toLowerCase();
    const known = context.blobs.has(md5, size) && dedup === 'on' && cphash === 'honoured';
    if (!same && !known) throw missing(context, call, 'file');
    const now = wholeSecond(Date.now());
    const created = parseTime(header('jcreated')) ?? now;
    const modified = parseTime(header('jmodified')) ?? now;
    const file = thing ?? ensureFile(context, placeAt(context, call.segments));
    setContent(context, file, { size, md5, created, modified });
    return xmlReply(fileXml(context, file));
  },
};

function removeMountPoint(context: Context, mountPoint: MountPointNode): void {
  forgetUploads(context, mountPoint);
  mountPoint.device.mountPoints.delete(foldName(mountPoint.name));
  touch(context, mountPoint);
}

/** By original path: the live folder and its namesakes in the trash (§2.3, §6), or the live one alone (`rmDirRecreated`). */
function removeFolder(context: Context, folder: FolderNode): void {
  const { parent, name } = folder;
  const live = findLive(parent, name);
  if (context.quirks.rmDirRecreated === 'live-only' && live) {
    destroy(context, live);
    return;
  }
  for (let next = findChild(parent, name); next?.kind === 'folder'; next = findChild(parent, name)) {
    destroy(context, next);
  }
}
