import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadTokens, type TokenStore } from './auth.ts';
import { type Blobs, openBlobs } from './blobs.ts';
import type { CertificateKind } from './certificates.ts';
import { type EventHub, openEventHub } from './eventSocket.ts';
import { createFaultPlan, type FaultPlan } from './faults.ts';
import { type Account, newAccount } from './model.ts';
import type { EmulatorOptions } from './options.ts';
import { createOutage, type Outage } from './outage.ts';
import { copyAccount, createSaver, loadAccount } from './persist.ts';
import { parseQuirks, type Quirks, watchQuirks } from './quirks.ts';
import { keepRequestLog, type RequestLog } from './requestLog.ts';
import { seedLaptop } from './seed.ts';
import type { Shape } from './shape.ts';
import { keepStats, type StatsKeeper } from './stats.ts';
import { wholeSecond } from './times.ts';
import type { Upload } from './uploads.ts';

/** Everything one emulator owns; handed to every handler. */
export interface Context {
  account: Account;
  tokens: TokenStore;
  blobs: Blobs;
  uploads: Map<string, Upload>;
  quirks: Quirks;
  faults: FaultPlan;
  outage: Outage;
  stats: StatsKeeper;
  requestLog: RequestLog;
  events: EventHub;
  shape: Shape;
  /** What the TLS listener shows; undefined without one. */
  certificate: { use(kind: CertificateKind): Promise<void> } | undefined;
  /** Milliseconds an access token lives. */
  tokenLifetimeMs: number;
  /** True when the account was created by this start. */
  fresh: boolean;
  /** `http://127.0.0.1:port`, once listening. */
  origin: string;
  /** Says that the account changed and wants saving. */
  changed(): void;
  /** Saves and lets go of the state folder. */
  dispose(): Promise<void>;
}

export async function createContext(options: EmulatorOptions): Promise<Context> {
  const kept = options.state;
  const folder = kept ?? (await mkdtemp(join(tmpdir(), 'jottacloud-emulator-')));
  await mkdir(folder, { recursive: true });
  const loaded = kept === undefined ? undefined : await loadAccount(folder);
  const user = options.user ?? 'u0emulator';
  const account = loaded?.account ?? newAccount(user, -1, wholeSecond(Date.now()));
  if (options.capacity !== undefined) account.capacity = options.capacity;
  if (options.writeLocked !== undefined) account.writeLocked = options.writeLocked;
  if (options.readLocked !== undefined) account.readLocked = options.readLocked;
  const uploads = loaded?.uploads ?? new Map<string, Upload>();
  const saver = kept === undefined ? undefined : createSaver(folder, () => ({ account, uploads }));
  const context: Context = {
    account,
    tokens: loadTokens(kept === undefined ? undefined : join(folder, 'tokens.json')),
    blobs: await openBlobs(folder),
    uploads,
    quirks: watchQuirks(parseQuirks(options.quirks), options.onQuirk),
    faults: createFaultPlan(() => copyAccount(account)),
    outage: createOutage(),
    stats: keepStats(),
    requestLog: keepRequestLog(),
    events: openEventHub(),
    shape: { latency: options.latency ?? 0, bandwidth: options.bandwidth },
    certificate: undefined,
    tokenLifetimeMs: (options.tokenLifetime ?? 3600) * 1000,
    fresh: loaded === undefined,
    origin: '',
    changed: () => saver?.changed(),
    async dispose() {
      context.outage.dispose();
      await saver?.flush();
      if (kept === undefined) await rm(folder, { recursive: true, force: true });
    },
  };
  if (context.fresh) await seedLaptop(context);
  return context;
}
