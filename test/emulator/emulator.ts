import { emptyTrash } from './api.ts';
import { expireTokens, newLoginToken, revokeTokens, startFamily, type TokenPair } from './auth.ts';
import { type BrandName, brands } from './brands.ts';
import type { CertificateKind } from './certificates.ts';
import { type Context, createContext } from './context.ts';
import { garbleFile, putFile, readBack, removePath } from './direct.ts';
import { parseFaultPlan } from './faultPlan.ts';
import type { FaultReport, FaultRule } from './faults.ts';
import type { Told } from './model.ts';
import type { EmulatorOptions } from './options.ts';
import { type RcloneAccess, writeRcloneFiles } from './rcloneFiles.ts';
import type { RecordedRequest } from './requestLog.ts';
import { seedArchive } from './seed.ts';
import { type Listener, listen } from './server.ts';
import type { Shape } from './shape.ts';
import type { Stats } from './stats.ts';
import { startTls, type TlsListener } from './tls.ts';
import { trashTops } from './trash.ts';
import { listTree, type TreeItem } from './treeReport.ts';
import { expireUploadUrls } from './uploads.ts';
import { ensureFolderAt, movePath } from './writes.ts';

export type { EmulatorOptions };

/** A running emulator. Paths are `/<device>/<mountpoint>/…`, for example `/Jotta/Archive/Docs/a.txt`. */
export interface Emulator {
  readonly url: string;
  readonly user: string;
  /** The same over TLS, when started with an rclone folder; its `ca.pem` vouches for it. */
  readonly tlsUrl: string | undefined;
  readonly rclone: RcloneAccess | undefined;
  /** A fresh single-use login token (PROTOCOL.md §1.1); its link leads to the realm of the brand. */
  newLoginToken(brand?: BrandName): string;
  /** The tokens of a sign-in that was made before. */
  newTokens(): TokenPair;
  /** Live folders and completed files below mountpoints of every device. */
  tree(): TreeItem[];
  stats(): Stats;
  /** The newest requests as they came over the wire, control requests excepted. */
  requests(): RecordedRequest[];
  /** Zeroes the counts and forgets the recorded requests. */
  resetStats(): void;
  /** Replaces the fault plan; `[]` clears it. Throws on a rule that makes no sense. */
  setFaults(plan: FaultRule[]): void;
  /** The plan with how often each rule matched and fired. */
  faults(): FaultReport[];
  /** Sets latency (ms) and bandwidth (bytes/s); undefined bandwidth means unlimited. */
  shape(shape: Partial<Shape>): void;
  /** Revokes refresh tokens; rclone's own only with `all`, access tokens too with `access`. */
  revoke(options?: { all?: boolean; access?: boolean }): void;
  /** Expires every access token now, or with `onlyUsed` those that were accepted already; rclone's own only with `all`. */
  expire(options?: { all?: boolean; onlyUsed?: boolean }): void;
  /** Sets the capacity in bytes, or null for unlimited; `writeLocked` refuses every change with 403. */
  quota(capacity: number | null, writeLocked?: boolean): void;
  /** How many connections of the event socket have subscribed. */
  eventSubscribers(): number;
  /** Cuts every connection of the event socket. */
  cutEvents(): void;
  /** Sends any text to every connection of the event socket. */
  sendEventText(text: string): void;
  /** Locks the account for changes, for reads or both with 403; `{}` unlocks it. */
  lock(which: { write?: boolean; read?: boolean }): void;
  /** Ends every upload URL given out; bytes received are kept for the next allocate. */
  expireUploadUrls(): void;
  /** Cuts every connection and refuses new ones until told otherwise. */
  outage(on: boolean): Promise<void>;
  /** Shows another certificate over TLS from now on. Throws without TLS. */
  useCertificate(kind: CertificateKind): Promise<void>;
  /** Writes a file as another device would: new revision, parents created. */
  put(path: string, content: string | Uint8Array, options?: { modified?: Date }): Promise<void>;
  /** Creates a folder and its parents, as another device would. */
  mkdir(path: string): void;
  /** Moves a file or folder, as another device would. */
  move(from: string, to: string): void;
  /** Sends a file or folder to the trash, as another device would. */
  remove(path: string): void;
  /** What was put into the trash itself, without what went along with a folder. */
  trash(): { readonly kind: 'file' | 'folder'; readonly name: string }[];
  emptyTrash(): void;
  /** Says something else of a live file in all documents from now on, and the truth again without `told`. */
  garble(path: string, told?: Told): void;
  /** Content of the current revision of a live file. */
  read(path: string): Promise<Buffer>;
  /** Writes the state, closes every connection; a temporary state folder is removed. */
  close(): Promise<void>;
}

/** Starts an emulator in this process. Rejects, leaving nothing behind, when the port or the state folder cannot be used. */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const context = await createContext(options);
  const listeners: Listener[] = [];
  let tls: TlsListener | undefined;
  try {
    if (options.seed !== undefined && context.fresh) await seedArchive(context, options.seed);
    if (options.rclone !== undefined) {
      tls = await startTls(context, options.rclone, options.certificate);
      context.certificate = { use: tls.useCertificate };
      listeners.push(tls);
    }
    const listener = await listen(context, options.port ?? 0, tls?.port);
    listeners.push(listener);
    for (const each of listeners) context.outage.add(each);
    context.origin = `http://127.0.0.1:${listener.port}`;
    const rclone = options.rclone === undefined ? undefined : await writeRcloneFiles(context, options.rclone);
    return emulatorOf(context, listeners, rclone, tls && `https://127.0.0.1:${tls.port}`);
  } catch (error) {
    await close(context, listeners);
    throw error;
  }
}

async function close(context: Context, listeners: Listener[]): Promise<void> {
  await Promise.all(listeners.map((listener) => listener.close()));
  await context.dispose();
}

function emulatorOf(
  context: Context,
  listeners: Listener[],
  rclone: RcloneAccess | undefined,
  tlsUrl: string | undefined,
): Emulator {
  let closing: Promise<void> | undefined;
  return {
    url: context.origin,
    user: context.account.user,
    rclone,
    tlsUrl,
    newLoginToken: (brand) => newLoginToken(context, context.origin, brand),
    newTokens: () => startFamily(context, 'client', brands.jottacloud.realm, 'jottacli'),
    tree: () => listTree(context.account),
    stats: () => context.stats.report(),
    requests: () => context.requestLog.report(),
    resetStats: () => {
      context.stats.reset();
      context.requestLog.clear();
    },
    setFaults: (plan) => context.faults.replace(parseFaultPlan(plan)),
    faults: () => context.faults.report(),
    shape: (shape) => Object.assign(context.shape, shape),
    revoke: (which = {}) => revokeTokens(context, which),
    expire: (which = {}) => expireTokens(context, which),
    quota: (capacity, writeLocked = false) => {
      context.account.capacity = capacity ?? -1;
      context.account.writeLocked = writeLocked;
      context.changed();
    },
    eventSubscribers: () => context.events.subscribers(),
    cutEvents: () => context.events.cut(),
    sendEventText: (text) => context.events.sendRaw(text),
    lock: ({ write = false, read = false }) => {
      Object.assign(context.account, { writeLocked: write, readLocked: read });
      context.changed();
    },
    expireUploadUrls: () => expireUploadUrls(context),
    outage: (on) => (on ? context.outage.begin() : context.outage.end()),
    useCertificate: async (kind) => {
      if (!context.certificate) throw new Error('the emulator was started without TLS');
      await context.certificate.use(kind);
    },
    put: (path, content, putOptions = {}) => putFile(context, path, content, putOptions.modified),
    mkdir: (path) => void ensureFolderAt(context, path),
    move: (from, to) => movePath(context, from, to),
    remove: (path) => removePath(context, path),
    trash: () => [...trashTops(context.account)].map(({ kind, name }) => ({ kind, name })),
    emptyTrash: () => void emptyTrash(context),
    garble: (path, told) => garbleFile(context, path, told),
    read: (path) => readBack(context, path),
    close: () => {
      closing ??= close(context, listeners);
      return closing;
    },
  };
}
