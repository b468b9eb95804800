import type { Context } from './context.ts';
import { type Account, type Container, foldName, type MountPointNode, type Node, type Thing } from './model.ts';
import { wholeSecond } from './times.ts';

/** Finds a child by name ignoring case: the live one, else the one trashed last (PROTOCOL.md §2.2). */
export function findChild(container: Container, name: string): Node | undefined {
  const key = foldName(name);
  return container.live.get(key) ?? container.trashed.get(key)?.at(-1);
}

export function findLive(container: Container, name: string): Node | undefined {
  return container.live.get(foldName(name));
}

/** Resolves decoded path segments `[device, mountpoint, …]`; trashed things are found as well. */
export function resolve(account: Account, segments: readonly string[]): Thing | undefined {
  const [deviceName, mountPointName, ...rest] = segments;
  if (deviceName === undefined) return account;
  const device = account.devices.get(foldName(deviceName));
  if (!device || mountPointName === undefined) return device;
  const mountPoint = device.mountPoints.get(foldName(mountPointName));
  return mountPoint && resolveBelow(mountPoint, rest);
}

export function resolveBelow(top: Container, names: readonly string[]): Container | Node | undefined {
  let at: Container | Node = top;
  for (const name of names) {
    if (at.kind === 'file') return undefined;
    const child = findChild(at, name);
    if (!child) return undefined;
    at = child;
  }
  return at;
}

export function mountPointOf(container: Container): MountPointNode {
  let at = container;
  while (at.kind === 'folder') at = at.parent;
  return at;
}

/** `/user/device/mountpoint/…` of a thing below a device. */
export function pathOf(account: Account, thing: Container | Node): string {
  if (thing.kind === 'mountPoint') return `/${account.user}/${thing.device.name}/${thing.name}`;
  return `${pathOf(account, thing.parent)}/${thing.name}`;
}

export function parentPathOf(account: Account, thing: Container | Node): string {
  return thing.kind === 'mountPoint' ? `/${account.user}/${thing.device.name}` : pathOf(account, thing.parent);
}

/** The same as `abspath` tells it (quirk `sharedPaths`). */
export function absoluteParentOf(
  { account, quirks }: Pick<Context, 'account' | 'quirks'>,
  thing: Container | Node,
): string {
  const path = parentPathOf(account, thing);
  const isShared = thing.kind !== 'mountPoint' && mountPointOf(thing.parent).view === 'Shared';
  return isShared && quirks.sharedPaths === 'owners'
    ? `/u0owner/Jotta/Archive${path
        .split('/')
        .slice(4)
        .map((name) => `/${name}`)
        .join('')}`
    : path;
}

/** Puts a node where its `deleted` says: among the live children or in the trash of its parent. */
export function attach(node: Node): void {
  const key = foldName(node.name);
  if (node.deleted === undefined) {
    node.parent.live.set(key, node);
    return;
  }
  const same = node.parent.trashed.get(key);
  if (same) same.push(node);
  else node.parent.trashed.set(key, [node]);
}

export function detach(node: Node): void {
  const key = foldName(node.name);
  if (node.parent.live.get(key) === node) node.parent.live.delete(key);
  const rest = node.parent.trashed.get(key)?.filter((other) => other !== node);
  if (rest?.length) node.parent.trashed.set(key, rest);
  else node.parent.trashed.delete(key);
}

export function* childrenOf(container: Container): Generator<Node> {
  yield* container.live.values();
  for (const same of container.trashed.values()) yield* same;
}

/** Every node below a container, trashed ones included, parents first. */
export function* descendants(container: Container): Generator<Node> {
  for (const child of childrenOf(container)) {
    yield child;
    if (child.kind === 'folder') yield* descendants(child);
  }
}

export function* mountPointsOf(account: Account): Generator<MountPointNode> {
  for (const device of account.devices.values()) yield* device.mountPoints.values();
}

/**
 * Records that something under the mountpoint changed: sizes are summed again when asked for, and `modified` of mountpoint and
 * device becomes now. A value already shown in a reply is never shown again for a later state (quirk `deviceModified`): it
 * then moves on by one second.
 */
export function touch(context: Context, mountPoint: MountPointNode): void {
  const now = wholeSecond(Date.now());
  for (const stamp of [mountPoint.stamp, mountPoint.device.stamp]) {
    const follow = stamp.shown && context.quirks.deviceModified === 'every-change' ? stamp.modified + 1000 : 0;
    stamp.modified = Math.max(now, stamp.modified, follow);
    stamp.shown = false;
  }
  mountPoint.size = undefined;
  context.account.usage = undefined;
  context.changed();
}
