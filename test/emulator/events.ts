import type { Context } from './context.ts';
import type { DeviceNode, FileNode, MountPointNode, Node } from './model.ts';
import { jfsTime } from './times.ts';
import { pathOf } from './tree.ts';

/** `ST` of what the emulator does (PROTOCOL.md §4). CREATE_MP is a guess after its listed siblings. */
export type EventType =
  | 'NEW_UPLOAD'
  | 'MOVE'
  | 'DELETE'
  | 'RESTORE'
  | 'HARD_DELETE_FILE'
  | 'CREATE_DIR'
  | 'MOVE_DIR'
  | 'DELETE_DIR'
  | 'HARD_DELETE_DIR'
  | 'CREATE_DEVICE'
  | 'DELETE_DEVICE'
  | 'CREATE_MP'
  | 'RESTORE_MP'
  | 'DELETE_MP'
  | 'SHARE_FILE'
  | 'UNSHARE_FILE';

/**
 * Tells every subscriber of the event socket what became of a thing, in the words of §4. For a move `from` is the path that
 * it had: `/user/device/mountpoint/…`.
 */
export function announce(
  context: Context,
  type: EventType,
  thing: Node | MountPointNode | DeviceNode,
  from?: string,
): void {
  const { user } = context.account;
  const path = thing.kind === 'device' ? `/${user}/${thing.name}` : pathOf(context.account, thing);
  const places = from === undefined ? { FROM: path } : { FROM: from, TO: path };
  const uuid = crypto.randomUUID();
  const at = Date.now();
  const event = {
    U: user,
    A: user,
    T: type.endsWith('SHARE_FILE') ? 'META' : 'PATH',
    ST: type,
    TS: at,
    D: { ...places, actorDevice: 'Jotta', uuid, ...(thing.kind === 'file' ? detailsOf(thing) : {}) },
    uuid,
    unixnano: at / 1000,
  };
  context.events.publish(uuid, JSON.stringify({ EVENT: event, Length: JSON.stringify(event).length }));
}

/** Numbers as text, as captured. */
function detailsOf({ current, uuid }: FileNode): Record<string, string> {
  if (!current) return { fileuuid: uuid };
  return {
    fileuuid: uuid,
    created: jfsTime(current.created),
    modified: jfsTime(current.modified),
    updated: jfsTime(current.updated),
    dfs: '04KZFaGU',
    md5: current.md5.toLowerCase(),
    mimeType: current.mime.toUpperCase().replace(/[^A-Z0-9]/g, '_'),
    revision: String(current.number),
    size: String(current.size),
  };
}
