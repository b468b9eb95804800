import type { Call } from './call.ts';
import type { Context } from './context.ts';
import { invalidArgument, noSuchFile, noSuchPath, ServiceError } from './errors.ts';
import { type Account, foldName, newDevice, newMountPoint, type Thing } from './model.ts';
import { copyFile, moveFile, moveFolder } from './moves.ts';
import { type Reply, xmlReply } from './reply.ts';
import { parseTime, wholeSecond } from './times.ts';
import { findChild, mountPointOf, pathOf, resolve, touch } from './tree.ts';
import { destroy, ensureFile, ensureFolder, placeAt, revive, setContent, stampDeleted, trash } from './writes.ts';
import { bareXml, deviceXml, listingXml, userXml } from './xml.ts';
import { fileXml } from './xmlFile.ts';

type Command = (context: Context, call: Call) => Reply;

/** The POST commands of jottacloud-protocol.md §2.3, each on the path of the call. A command for the other kind is a 404. */
export const commands: Record<'mkDir' | 'dl' | 'dlDir' | 'rm' | 'rmDir' | 'mv' | 'mvDir' | 'cp' | 'cphash', Command> = {
  mkDir(context, call) {
    const [device = '', name = ''] = call.segments;
    if (call.segments.length < 2) throw invalidArgument('mkDir needs a path below a device');
    if (!resolve(context.account, [device, name])) createMountPoint(context, device, name);
    const place = placeAt(context, call.segments);
    const folder = ensureFolder(context, place, context.quirks.mkDirUntrashes !== 'off');
    return xmlReply(bareXml(context.account, folder));
  },

  dl(context, call) {
    const thing = existing(context, call);
    if (thing.kind === 'file') {
      trash(context, thing);
      return xmlReply(fileXml(context, thing));
    }
    if (thing.kind === 'folder') {
      // The trap of §2.3: dl on a folder removes it without a trace in the trash.
      destroy(context, thing);
      return xmlReply(bareXml(context.account, thing));
    }
    if (thing.kind !== 'mountPoint' || thing.view !== undefined) throw noSuchFile(jfsPath(context.account, call));
    stampDeleted(thing, wholeSecond(Date.now()));
    touch(context, thing);
    return xmlReply(bareXml(context.account, thing));
  },

  dlDir(context, call) {
    const thing = existing(context, call);
    if (thing.kind !== 'folder') throw noSuchPath(jfsPath(context.account, call));
    trash(context, thing);
    return xmlReply(bareXml(context.account, thing));
  },

  rm(context, call) {
    const thing = existing(context, call);
    if (thing.kind === 'file') {
      destroy(context, thing);
      return xmlReply(fileXml(context, thing));
    }
    if (thing.kind === 'mountPoint' && thing.view === undefined) {
      thing.device.mountPoints.delete(foldName(thing.name));
      touch(context, thing);
      return xmlReply(deviceXml(context.account, thing.device));
    }
    if (thing.kind === 'device' && thing.type !== 'JOTTA') {
      context.account.devices.delete(foldName(thing.name));
      context.account.usage = undefined;
      context.changed();
      return xmlReply(userXml(context.account));
    }
    throw noSuchFile(jfsPath(context.account, call));
  },

  rmDir(context, call) {
    const thing = existing(context, call);
    if (thing.kind !== 'folder') throw noSuchPath(jfsPath(context.account, call));
    // By original path, both the live folder and its namesakes in the trash (§2.3, §6).
    for (let next = findChild(thing.parent, thing.name); next?.kind === 'folder'; ) {
      destroy(context, next);
      next = findChild(thing.parent, thing.name);
    }
    return xmlReply(listingXml(context.account, thing.parent));
  },

  mv(context, call) {
    const thing = sourceOf(context, call);
    if (thing?.kind !== 'file') throw noSuchFile(`Source file ${jfsPath(context.account, call)}`);
    const target = targetOf(context, call.query.get('mv'));
    return xmlReply(fileXml(context, moveFile(context, thing, target)));
  },

  mvDir(context, call) {
    const thing = sourceOf(context, call);
    if (thing?.kind !== 'folder') {
      const message = `Source directory ${jfsPath(context.account, call)} does not exist`;
      throw new ServiceError(404, 'NoSuchPathException', message);
    }
    moveFolder(context, thing, targetOf(context, call.query.get('mvDir')));
    return xmlReply(bareXml(context.account, thing));
  },

  cp(context, call) {
    const thing = sourceOf(context, call);
    if (thing?.kind !== 'file' || !thing.current) throw noSuchFile(jfsPath(context.account, call));
    const copy = copyFile(context, thing, thing.current, targetOf(context, call.query.get('cp')));
    return xmlReply(fileXml(context, copy));
  },

  cphash(context, call) {
    const header = (name: string) => [call.headers[name]].flat()[0] ?? '';
    const size = Number(header('jsize') || Number.NaN);
    const md5 = header('jmd5');
    if (!Number.isSafeInteger(size) || !/^[0-9a-f]{32}$/i.test(md5)) throw invalidArgument('JSize and JMd5 are needed');
    const thing = resolve(context.account, call.segments);
    if (thing && thing.kind !== 'file') throw noSuchFile(jfsPath(context.account, call));
    const current = thing?.current;
    const same = current?.size === size && current.md5.toLowerCase() === md5.toLowerCase();
    const known = context.blobs.has(md5, size) && context.quirks.dedup === 'on';
    if (!same && !known) throw noSuchFile(jfsPath(context.account, call));
    const now = wholeSecond(Date.now());
    const created = parseTime(header('jcreated')) ?? now;
    const modified = parseTime(header('jmodified')) ?? now;
    const file = thing ?? ensureFile(context, placeAt(context, call.segments));
    setContent(context, file, { size, md5, created, modified });
    return xmlReply(fileXml(context, file));
  },
};

/** A POST without command: makes a device or mountpoint; anything else is the 500 of §2.3. */
export function createOrFail(context: Context, call: Call): Reply {
  const [device = '', mountPoint = ''] = call.segments;
  const { account } = context;
  if (call.segments.length === 1 && call.query.has('type')) {
    const known = account.devices.get(foldName(device));
    const made = known ?? newDevice(device, call.query.get('type') ?? 'WORKSTATION', wholeSecond(Date.now()));
    account.devices.set(foldName(device), made);
    context.changed();
    return xmlReply(deviceXml(account, made), 201);
  }
  if (call.segments.length === 2) {
    const known = resolve(account, [device, mountPoint]);
    if (known?.kind === 'mountPoint') {
      if (known.deleted !== undefined) revive(context, known);
      return xmlReply(bareXml(account, known));
    }
    return xmlReply(bareXml(account, createMountPoint(context, device, mountPoint)), 201);
  }
  const text = "POST Request is missing multipart content or don't dont have any command parameters";
  throw new ServiceError(500, 'InternalServerErrorException', text);
}

function createMountPoint(context: Context, deviceName: string, name: string) {
  const device = context.account.devices.get(foldName(deviceName));
  if (!device) throw noSuchPath(`/${context.account.user}/${deviceName}`);
  const mountPoint = newMountPoint(name, device, wholeSecond(Date.now()));
  device.mountPoints.set(foldName(name), mountPoint);
  touch(context, mountPoint);
  return mountPoint;
}

function existing(context: Context, call: Call): Thing {
  const thing = resolve(context.account, call.segments);
  if (!thing) throw noSuchFile(jfsPath(context.account, call));
  return thing;
}

/** What mv, mvDir and cp may start from: a live item; the trash is a view only (§2.3). */
function sourceOf(context: Context, call: Call) {
  const thing = resolve(context.account, call.segments);
  if (thing?.kind !== 'file' && thing?.kind !== 'folder') return undefined;
  return thing.deleted === undefined && mountPointOf(thing.parent).view === undefined ? thing : undefined;
}

/** The absolute target `/user/device/mountpoint/…` of a move or copy. */
function targetOf(context: Context, value: string | null): string[] {
  const [user, ...segments] = (value ?? '').split('/').filter(Boolean);
  if (user?.toLowerCase() !== context.account.user.toLowerCase() || segments.length < 3) {
    throw invalidArgument(`${value} is no absolute path of this user`);
  }
  return segments;
}

function jfsPath(account: Account, call: Call): string {
  const thing = resolve(account, call.segments);
  if (thing && 'parent' in thing) return pathOf(account, thing);
  return `/${[account.user, ...call.segments].join('/')}`;
}
