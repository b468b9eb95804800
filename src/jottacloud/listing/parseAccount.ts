import { JottaError } from '../errors.ts';
import { isView } from '../places.ts';
import { parseTime } from '../times.ts';
import { unexpectedRoot } from '../transport/roots.ts';
import type { Account, JottaDevice, JottaMountpoint, JottaMountpoints } from '../types.ts';
import { isUsableName } from '../urls.ts';
import { isDeleted, parseSize } from './parseFile.ts';
import { childOf, childrenOf, textOf, type XmlElement } from './xml.ts';

/** `<user>` (PROTOCOL.md §2.5). Any capacity below 0 is unlimited. */
export function parseAccount(root: XmlElement): Account {
  if (root.name !== 'user') throw unexpectedRoot(root);
  const list = childOf(root, 'devices');
  const live = (list ? childrenOf(list, 'device') : []).filter((device) => !isDeleted(device));
  const devices = live.flatMap((device) => parseDevice(device) ?? []);
  return {
    capacity: parseSize(textOf(root, 'capacity') || undefined) ?? -1,
    usage: parseSize(textOf(root, 'usage')) ?? 0,
    devices,
    unusable: live.length - devices.length,
  };
}

function parseDevice(element: XmlElement): JottaDevice | undefined {
  const place = parsePlace(element);
  return place && { ...place, type: textOf(element, 'type') ?? '' };
}

/** `<device>`: live mountpoints only. Trashed ones stay listed with `<deleted>` (§2.5). */
export function parseMountpoints(root: XmlElement): JottaMountpoints {
  if (root.name !== 'device') throw unexpectedRoot(root);
  if (isDeleted(root)) throw new JottaError('notFound', 'the device is deleted');
  const device = textOf(root, 'name') ?? '';
  const list = childOf(root, 'mountPoints');
  const live = (list ? childrenOf(list, 'mountPoint') : []).filter((element) => !isDeleted(element));
  const places = live.flatMap((element) => parsePlace(element) ?? []);
  return {
    mountpoints: places.filter(({ name }) => !isView(device, name)),
    unusable: live.length - places.length,
  };
}

function parsePlace(element: XmlElement): JottaMountpoint | undefined {
  const name = textOf(element, 'name') ?? element.attributes.name ?? '';
  if (!isUsableName(name)) return undefined;
  return { name, size: parseSize(textOf(element, 'size')) ?? 0, modified: parseTime(textOf(element, 'modified')) };
}
