import type { Call } from './call.ts';
import type { Context } from './context.ts';
import { noSuchPath, ServiceError } from './errors.ts';
import { announce } from './events.ts';
import { foldName, type MountPointNode, newDevice, newMountPoint } from './model.ts';
import { checkName } from './names.ts';
import { type Reply, xmlReply } from './reply.ts';
import { wholeSecond } from './times.ts';
import { resolve, touch } from './tree.ts';
import { revive } from './writes.ts';
import { bareDeviceXml, bareXml } from './xml.ts';

/** A POST without command: makes a device or mountpoint; anything else is the 500 of PROTOCOL.md §2.3. */
export function createOrFail(context: Context, call: Call): Reply {
  const [device = '', mountPoint = ''] = call.segments;
  const type = call.query.get('type');
  if (call.segments.length === 1 && type !== null) {
    return xmlReply(bareDeviceXml(context, ensureDevice(context, device, type)), 201);
  }
  if (call.segments.length === 2) {
    const known = resolve(context.account, [device, mountPoint]);
    if (known?.kind !== 'mountPoint')
      return xmlReply(bareXml(context, createMountPoint(context, device, mountPoint)), 201);
    revive(context, known);
    return xmlReply(bareXml(context, known));
  }
  const text = "POST Request is missing multipart content or don't dont have any command parameters";
  throw new ServiceError(500, 'InternalServerErrorException', text);
}

function ensureDevice(context: Context, name: string, type: string) {
  const { devices } = context.account;
  const known = devices.get(foldName(name));
  if (known) return known;
  checkName(name, context.quirks);
  const device = newDevice(name, type, wholeSecond(Date.now()));
  devices.set(foldName(name), device);
  context.changed();
  announce(context, 'CREATE_DEVICE', device);
  return device;
}

/** Throws 404 for an unknown device, 400 for a bad name. */
export function createMountPoint(context: Context, deviceName: string, name: string): MountPointNode {
  const device = context.account.devices.get(foldName(deviceName));
  if (!device) throw noSuchPath(`/${context.account.user}/${deviceName}`);
  checkName(name, context.quirks);
  const mountPoint = newMountPoint(name, device, wholeSecond(Date.now()));
  device.mountPoints.set(foldName(name), mountPoint);
  touch(context, mountPoint);
  announce(context, 'CREATE_MP', mountPoint);
  return mountPoint;
}
