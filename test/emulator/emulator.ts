import { expireTokens, newLoginToken, revokeTokens } from './auth.ts';
import { createContext } from './context.ts';
import { putFile, readBack, removePath } from './direct.ts';
import type { FaultReport, FaultRule } from './faults.ts';
import type { Quirks } from './quirks.ts';
import { type RcloneAccess, writeRcloneFiles } from './rcloneFiles.ts';
import { seedArchive } from './seed.ts';
import { listen } from './server.ts';
import type { Shape } from './shape.ts';
import type { Stats } from './stats.ts';
import { startTls } from './tls.ts';
import { listTree, type TreeItem } from './treeReport.ts';
import { ensureFolderAt, movePath } from './writes.ts';

export interface EmulatorOptions {
  /** TCP port on 127.0.0.1; 0 or absent takes a free one. */
  port?: number;
  /** Folder that keeps blobs, tree and tokens between runs; absent means a temporary one, removed on close. */
  state?: string;
  /** Local folder copied into /Jotta/Archive, only when the state is new. */
  seed?: string;
  /** Milliseconds before each request is handled. */
  latency?: number;
  /** Bytes per second, per connection and direction. */
  bandwidth?: number;
  /** Folder to receive ca.pem, certificate, key and rclone.conf for an unmodified rclone. */
  rclone?: string;
  quirks?: Partial<Quirks>;
  /** Life of an access token in seconds; 3600 when absent. */
  tokenLifetime?: number;
  /** Account capacity in bytes; absent means unlimited. */
  capacity?: number;
  /** Internal user name; `u0emulator` when absent. */
  user?: string;
}

/** A running emulator. Paths are `/<device>/<mountpoint>/…`, for example `/Jotta/Archive/Docs/a.txt`. */
export interface Emulator {
  readonly url: string;
  readonly user: string;
  readonly rclone: RcloneAccess | undefined;
  /** A fresh single-use login token (jottacloud-protocol.md §1.1). */
  newLoginToken(): string;
  /** Live folders and completed files below mountpoints of every device. */
  tree(): TreeItem[];
  stats(): Stats;
  resetStats(): void;
  /** Replaces the fault plan; `[]` clears it. */
  setFaults(plan: FaultRule[]): void;
  /** The plan with how often each rule matched and fired. */
  faults(): FaultReport[];
  /** Sets latency (ms) and bandwidth (bytes/s); undefined bandwidth means unlimited. */
  shape(shape: Partial<Shape>): void;
  /** Revokes refresh tokens; rclone's own only with `all`, access tokens too with `access`. */
  revoke(options?: { all?: boolean; access?: boolean }): void;
  /** Expires every access token now; rclone's own only with `all`. */
  expire(options?: { all?: boolean }): void;
  /** Sets the capacity in bytes, or null for unlimited; `writeLocked` refuses every change with 403. */
  quota(capacity: number | null, writeLocked?: boolean): void;
  /** Writes a file as another device would: new revision, parents created. */
  put(path: string, content: string | Uint8Array, options?: { modified?: Date }): Promise<void>;
  /** Creates a folder and its parents, as another device would. */
  mkdir(path: string): void;
  /** Moves a file or folder, as another device would. */
  move(from: string, to: string): void;
  /** Sends a file or folder to the trash, as another device would. */
  remove(path: string): void;
  /** Content of the current revision of a live file. */
  read(path: string): Promise<Buffer>;
  /** Writes the state, closes every connection; a temporary state folder is removed. */
  close(): Promise<void>;
}

/** Starts an emulator in this process. Rejects when the port or the state folder cannot be used. */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const context = await createContext(options);
  if (options.seed !== undefined && context.fresh) await seedArchive(context, options.seed);
  const tls = options.rclone === undefined ? undefined : await startTls(context, options.rclone);
  const listener = await listen(context, options.port ?? 0, tls?.port);
  const url = `http://127.0.0.1:${listener.port}`;
  context.origin = url;
  const rclone = options.rclone === undefined ? undefined : await writeRcloneFiles(context, options.rclone, url);
  let closing: Promise<void> | undefined;
  return {
    url,
    user: context.account.user,
    rclone,
    newLoginToken: () => newLoginToken(context, url),
    tree: () => listTree(context.account),
    stats: () => context.stats.report(),
    resetStats: () => context.stats.reset(),
    setFaults: (plan) => context.faults.replace(plan),
    faults: () => context.faults.report(),
    shape: (shape) => Object.assign(context.shape, shape),
    revoke: (which = {}) => revokeTokens(context, which),
    expire: (which = {}) => expireTokens(context, which),
    quota: (capacity, writeLocked = false) => {
      context.account.capacity = capacity ?? -1;
      context.account.writeLocked = writeLocked;
      context.changed();
    },
    put: (path, content, putOptions = {}) => putFile(context, path, content, putOptions.modified),
    mkdir: (path) => void ensureFolderAt(context, path),
    move: (from, to) => movePath(context, from, to),
    remove: (path) => removePath(context, path),
    read: (path) => readBack(context, path),
    close: () => {
      closing ??= (async () => {
        await Promise.all([listener.close(), tls?.close()]);
        await context.dispose();
      })();
      return closing;
    },
  };
}
