import { type ChildProcess, fork } from 'node:child_process';
import path from 'node:path';
import { ErrnoError } from '../../base/errno.ts';
import type { Ino, NodeRow } from '../../store/nodeRow.ts';
import { loadMounts } from '../mountPoint.ts';
import type { NameChange, VolumeView } from '../volume.ts';
import { missingEntry, putEntry } from './attrs.ts';
import { putOpen } from './content.ts';
import { answerHeader, opcodes, requests } from './layouts.ts';
import { kernelLimits } from './limits.ts';
import { entryOf, lookup } from './names.ts';
import type { NodeId } from './nodeIds.ts';
import type { Deed, Order } from './repeater.ts';
import { done, inoOf, type Operation, type Reply, type Request, readName, type Served } from './served.ts';

/** Beside the bundle lies the bundle of the process; the sources run as they are. */
const program = new URL(import.meta.url.endsWith('.ts') ? './repeater.ts' : './repeater.cjs', import.meta.url);

interface Repeat {
  readonly deed: Deed;
  readonly parent: Ino;
  readonly name: string;
  /** The node that came or went. */
  readonly row: NodeRow;
}

/**
 * Lets watchers of files (inotify: VS Code's explorer and editors, file managers, compilers) hear of names that came or went
 * elsewhere. The kernel tells them only what some process does in the volume. So a process of our own does it once more: it makes
 * what is there already, or removes what is gone, and of its requests the driver answers those about that name as if it did that.
 * Nothing in the tree changes by it.
 */
export class Repeats {
  readonly #mountPoint: string;
  readonly #view: VolumeView;
  readonly #waiting: Repeat[] = [];
  /** Device of the mounted volume; undefined when the mount table does not tell: then nothing is repeated. */
  readonly #device: Promise<string | undefined>;
  #process: ChildProcess | undefined;
  #current: Repeat | undefined;
  /** What the kernel was told that the name stood for, if this repeat is to remove it and the kernel has asked. */
  #told: NodeId | undefined;
  #idle = Promise.withResolvers<void>();
  #isPaused = false;
  #isClosed = false;
  #timer: NodeJS.Timeout | undefined;

  /** The volume is mounted by now. */
  constructor(mountPoint: string, view: VolumeView) {
    this.#mountPoint = mountPoint;
    this.#view = view;
    this.#device = findDevice(mountPoint, view);
    this.#idle.resolve();
  }

  /** Repeats what came or went by a change from elsewhere, soon. */
  note({ parent, name, came, went }: NameChange): void {
    const { vfs, readOnly } = this.#view;
    // The kernel lets nobody make or remove a name there.
    if (readOnly || this.#waiting.length >= kernelLimits.repeats) return;
    if (went !== undefined) {
      this.#waiting.push({ deed: went.kind === 'file' ? 'removeFile' : 'removeFolder', parent, name, row: went });
    }
    const row = came === true ? vfs.getKnown(parent, name) : undefined;
    if (row !== undefined) {
      const deed = row.kind !== 'file' ? 'makeFolder' : vfs.isLink(row) ? 'makeLink' : 'makeFile';
      this.#waiting.push({ deed, parent, name, row });
    }
    this.#next();
  }

  /** What answers a request about the name that is being repeated; undefined for every other request. */
  find({ opcode, pid }: Request): Operation | undefined {
    return this.#current !== undefined && pid === this.#process?.pid ? this.#answers[opcode] : undefined;
  }

  /** Repeats nothing until `resume`: the process would keep the volume in use. */
  async pause(): Promise<void> {
    this.#isPaused = true;
    await this.#idle.promise;
  }

  resume(): void {
    this.#isPaused = false;
    this.#next();
  }

  close(): void {
    this.#waiting.length = 0;
    this.#isPaused = true;
    this.#isClosed = true;
    this.#process?.kill('SIGKILL');
  }

  readonly #answers: Readonly<Record<number, Operation>> = {
    [opcodes.lookup]: (served, request) => this.#lookup(served, request),
    [opcodes.create]: (served, request) => this.#create(served, request),
    [opcodes.mkdir]: (served, request) => this.#make(served, request, requests.mkdir.bytes),
    [opcodes.symlink]: (served, request) => this.#make(served, request, requests.none.bytes),
    [opcodes.unlink]: (served) => this.#remove(served),
    [opcodes.rmdir]: (served) => this.#remove(served),
  };

  #next(): void {
    if (this.#current !== undefined || this.#isPaused) return;
    const next = this.#waiting.shift();
    if (next === undefined) {
      this.#endLater();
      return;
    }
    const folder = this.#view.getPath(next.parent);
    if (folder === undefined) {
      // The folder went as well, or is out of the volume by now.
      this.#next();
      return;
    }
    this.#current = next;
    this.#told = undefined;
    this.#idle = Promise.withResolvers();
    clearTimeout(this.#timer);
    void this.#device.then((device) => this.#order(next.deed, device, path.posix.join(`.${folder}`, next.name)));
  }

  #order(deed: Deed, device: string | undefined, inVolume: string): void {
    if (device === undefined || this.#isClosed) {
      this.#finish();
      return;
    }
    try {
      this.#process ??= this.#start();
      const order: Order = { deed, root: this.#mountPoint, device, path: inVolume };
      this.#process.send(order, (error) => error !== null && this.#finish());
    } catch (error) {
      // There is no process where the system has no room for one.
      this.#view.log.info('watchers of files are not told of changes elsewhere', { error });
      this.#process = undefined;
      this.#finish();
    }
  }

  #finish(): void {
    this.#current = undefined;
    this.#idle.resolve();
    this.#next();
  }

  /** Ends the process when nothing has waited for a while. */
  #endLater(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#process?.disconnect(), kernelLimits.repeaterIdleMs);
    this.#timer.unref();
  }

  #start(): ChildProcess {
    const { log } = this.#view;
    // In a process group of its own: a signal that a terminal sends to the group ends the drive, which then ends this.
    const started = fork(program, { cwd: '/', detached: true, env: {}, execArgv: [], stdio: 'ignore' });
    const gone = () => {
      if (this.#process !== started) return;
      this.#process = undefined;
      this.#finish();
    };
    started.on('message', () => this.#finish());
    started.on('error', (error) => log.info('watchers of files are not told of changes elsewhere', { error }));
    started.once('exit', gone);
    started.once('error', gone);
    started.unref();
    started.channel?.unref();
    return started;
  }

  /** The name as it was before: what came is missing, what went is there. */
  #lookup(served: Served, request: Request): Reply | Promise<Reply> {
    const { name } = readName(request, requests.none.bytes);
    const repeat = this.#current;
    if (repeat === undefined || !isAbout(served, request, name, repeat)) return lookup(served, request);
    if (isMaking(repeat)) return missingEntry(0);
    const { ino, kind, size, mtime, ctimeMs, mode } = repeat.row;
    const shown = kind !== 'file' ? 'folder' : served.vfs.isLink(repeat.row) ? 'link' : 'file';
    const attr = { ino, kind: shown, size, mtime, ctimeMs, mode, linked: true } as const;
    // What is under another name now is not to lose a link there.
    const isElsewhere = served.vfs.getPlace(ino) !== undefined;
    const node = isElsewhere ? served.ids.tellAlias(ino, name) : served.ids.toId(ino);
    this.#told = node;
    return (out) => putEntry(out, answerHeader.bytes, node, attr, false, served);
  }

  /**
   * The kernel takes a folder that it removes for dead: nothing is found in it any more, whatever its name. Under this name it may
   * still have one that was only moved, of which it has not heard yet: then the process is sent back to look the name up (ESTALE).
   */
  #remove({ ids, vfs }: Served): Reply {
    const [told, row] = [this.#told, this.#current?.row];
    const isAlive = row !== undefined && vfs.getPlace(row.ino) !== undefined;
    if (told === undefined || (isAlive && !ids.isAlias(told))) throw new ErrnoError('ESTALE', 'to be looked up again');
    return done;
  }

  async #create(served: Served, request: Request): Promise<Reply> {
    const { name } = readName(request, requests.create.bytes);
    const row = this.#getMade(served, request, name);
    const fh = await served.vfs.open(row.ino, { writing: false, append: false, truncate: false });
    served.handles.add(fh);
    const entry = entryOf(served, request, name, row);
    return (out) => putOpen(out, entry.put(out, answerHeader.bytes, true), fh, false, false);
  }

  #make(served: Served, request: Request, start: number): Reply {
    const { name } = readName(request, start);
    const row = this.#getMade(served, request, name);
    const entry = entryOf(served, request, name, row);
    return (out) => entry.put(out, answerHeader.bytes);
  }

  /** What has the name now. ENOENT when that is gone again: then nothing has come. */
  #getMade(served: Served, request: Request, name: string): NodeRow {
    const parent = inoOf(served, request);
    const row = served.vfs.getKnown(parent, name);
    if (row === undefined || row.ino !== this.#current?.row.ino) throw new ErrnoError('ENOENT', 'gone again');
    return row;
  }
}

/** The last that was mounted there is what a path leads to. */
async function findDevice(mountPoint: string, { log }: VolumeView): Promise<string | undefined> {
  try {
    return (await loadMounts()).findLast((mount) => mount.path === mountPoint)?.device;
  } catch (error) {
    log.info('watchers of files are not told of changes elsewhere', { error });
    return undefined;
  }
}

function isAbout(served: Served, request: Request, name: string, repeat: Repeat): boolean {
  return name === repeat.name && inoOf(served, request) === repeat.parent;
}

function isMaking({ deed }: Repeat): boolean {
  return deed === 'makeFile' || deed === 'makeFolder' || deed === 'makeLink';
}
