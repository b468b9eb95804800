import type { Ino } from '../../store/nodeRow.ts';
import type { Device } from './device.ts';
import { answerHeader, expireOnly, notices as layouts, write64 } from './layouts.ts';
import type { NodeId } from './nodeIds.ts';

/**
 * What waits to be told, of all volumes of this process, one at a time; what is urgent has a queue of its own. The kernel takes
 * a notice about a name only once no operation on that folder is under way, one about bytes once no read of them is: written by
 * the thread that answers those, it would wait for itself for ever; written by many threads of the pool, it could take all of
 * those that operations need.
 */
export class NoticeQueue {
  #last: Promise<void> = Promise.resolve();
  #lastUrgent: Promise<void> = Promise.resolve();

  add(work: () => Promise<void>): void {
    this.#last = this.#last.then(work, work);
  }

  /** Resolves when what waits now is told. */
  told(): Promise<void> {
    return this.#last.catch(() => {});
  }

  /** Resolves when it is done. */
  addUrgent(work: () => Promise<void>): Promise<void> {
    this.#lastUrgent = this.#lastUrgent.then(work, work);
    return this.#lastUrgent;
  }
}

/** Makes the kernel forget what it was told. */
export class Notices {
  readonly #device: Device;
  readonly #queue: NoticeQueue;
  readonly #stale = new Map<NodeId, number>();
  readonly #names = new Set<string>();
  /** Can names be made to be asked for again without being dropped? */
  canExpire = false;

  constructor(device: Device, queue: NoticeQueue) {
    this.#device = device;
    this.#queue = queue;
  }

  /** Makes the kernel ask again what a name stands for, soon. */
  name(parent: NodeId, name: string): void {
    const key = `${parent}/${name}`;
    if (this.#names.has(key)) return;
    this.#names.add(key);
    const notice = this.#toEntry(parent, name);
    this.#queue.add(() => {
      // Before it is written: a change from now on needs a notice of its own.
      this.#names.delete(key);
      return this.#device.tellSlowly(notice);
    });
  }

  /** As `name`, before all that waits; resolves when the kernel has taken it. */
  nameUrgently(parent: NodeId, name: string): Promise<void> {
    const notice = this.#toEntry(parent, name);
    return this.#queue.addUrgent(() => this.#device.tellSlowly(notice));
  }

  /** Makes the kernel ask for the attributes of a node again, at once. */
  attributes(node: NodeId): void {
    const notice = message(layouts.inode.code, layouts.inode.bytes);
    write64(notice, node, layouts.inode.node);
    write64(notice, -1, layouts.inode.offset);
    this.#device.tell(notice);
  }

  /** Makes the kernel ask again for the bytes of a file, or the entries of a folder, soon; until then `isStale`. */
  content(node: NodeId): void {
    const notice = message(layouts.inode.code, layouts.inode.bytes);
    write64(notice, node, layouts.inode.node);
    this.#stale.set(node, (this.#stale.get(node) ?? 0) + 1);
    this.#queue.add(async () => {
      await this.#device.tellSlowly(notice);
      const left = (this.#stale.get(node) ?? 1) - 1;
      if (left > 0) this.#stale.set(node, left);
      else this.#stale.delete(node);
    });
  }

  /** Is the kernel yet to drop what it keeps of this node's content? Who opens it now must not be let see that. */
  isStale(node: NodeId | Ino): boolean {
    return this.#stale.size > 0 && this.#stale.has(node);
  }

  #toEntry(parent: NodeId, name: string): Buffer {
    const bytes = Buffer.from(`${name}\0`);
    const notice = message(layouts.entry.code, layouts.entry.bytes + bytes.length);
    write64(notice, parent, layouts.entry.parent);
    notice.writeUInt32LE(bytes.length - 1, layouts.entry.nameLength);
    notice.writeUInt32LE(this.canExpire ? expireOnly : 0, layouts.entry.flags);
    bytes.copy(notice, layouts.entry.bytes);
    return notice;
  }
}

function message(code: number, length: number): Buffer {
  const notice = Buffer.alloc(length);
  notice.writeUInt32LE(length, answerHeader.length);
  notice.writeInt32LE(code, answerHeader.error);
  return notice;
}
