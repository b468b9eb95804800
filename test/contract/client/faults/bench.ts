import type { Tokens } from '../../../../src/jottacloud/auth/tokens.ts';
import type { JottacloudClient } from '../../../../src/jottacloud/client.ts';
import type { ClientLimits } from '../../../../src/jottacloud/limits.ts';
import { createEndpoints } from '../../../../src/jottacloud/urls.ts';
import { type Emulator, startEmulator } from '../../../emulator/emulator.ts';
import { connectTo, exchangeAt } from '../emulatorWorld.ts';

/** Answers that are too long need not be a gigabyte here. */
const bounded: Partial<ClientLimits> = { tries: 3, maxXmlBytes: 256 * 1024, maxJsonBytes: 64 * 1024 };

/**
 * How long a client waits. `impatient` is for faults of silence alone: short enough that a connection that says nothing is
 * given up in seconds, long enough that a busy machine is not taken for one.
 */
export const patience = {
  impatient: {
    ...bounded,
    firstByteMs: 2_000,
    metadataMs: 12_000,
    commandFirstByteMs: 2_000,
    commandMs: 12_000,
    listingFirstByteMs: 2_000,
    patientIdleMs: 2_000,
    uploadAnswerMsPerGib: 0,
    bodyIdleMs: 2_000,
    uploadAnswerMs: 2_000,
    tokenMs: 2_000,
  },
  patient: bounded,
} as const satisfies Record<string, Partial<ClientLimits>>;

export type Patience = keyof typeof patience;

/** What one operation works on: an emulator that nobody else uses meanwhile, a folder and a client of its own. */
export interface Bench {
  readonly emulator: Emulator;
  /** Where its client looks for the service. */
  readonly endpoint: string;
  readonly client: JottacloudClient;
  readonly tokens: Tokens;
  readonly limits: Partial<ClientLimits>;
  /** `[device, mountpoint, …]` of a name in the folder. */
  at(...names: string[]): string[];
  /** The same as the emulator's own interface wants it. */
  remote(...names: string[]): string;
}

export interface Seat {
  /** A new folder, an empty trash, and a client for one run; `aheadMs` as in connectTo. */
  open(aheadMs: number): Bench;
  /** The same run with a client that waits as said. */
  withPatience(bench: Bench, aheadMs: number, patience: Patience): Bench;
  /** The same folder with a client that has seen no trouble. */
  reopen(bench: Bench): Bench;
  /** The same folder with a client that looks for the service somewhere else. */
  redirect(bench: Bench, endpoint: string): Bench;
  /** Ends the plan and whatever it did to the account and the network. */
  heal(): Promise<void>;
  /** Everything live in the folder and everything in the trash, as one comparable text. */
  state(bench: Bench): string;
  close(): Promise<void>;
}

/** One emulator. Content is never shared between its files, so that every upload is a real one. */
export async function openSeat(): Promise<Seat> {
  const emulator = await startEmulator({ quirks: { dedup: 'off' } });
  const adminTokens = await exchangeAt(emulator);
  const admin = connectTo(emulator, adminTokens);
  const clients: JottacloudClient[] = [admin];
  let opened = 0;
  let last: string | undefined;

  function connect(bench: Omit<Bench, 'client'>, aheadMs: number): Bench {
    const { tokens, limits, endpoint } = bench;
    const client = connectTo(emulator, tokens, { limits, aheadMs, endpoints: createEndpoints(endpoint) });
    clients.push(client);
    return { ...bench, client };
  }

  return {
    open(aheadMs) {
      opened += 1;
      const folder = `run ${opened}`;
      const at = (...names: string[]) => ['Jotta', 'Archive', folder, ...names];
      const remote = (...names: string[]) => `/${at(...names).join('/')}`;
      // What earlier runs left behind would make every look at the account slower.
      if (last !== undefined) emulator.remove(last);
      last = remote();
      emulator.mkdir(last);
      emulator.emptyTrash();
      const { accessToken, refreshToken, expires } = emulator.newTokens();
      const tokens = { ...adminTokens, accessToken, refreshToken, expiresAt: expires };
      return connect({ emulator, endpoint: emulator.url, tokens, limits: patience.patient, at, remote }, aheadMs);
    },
    withPatience: (bench, aheadMs, howPatient) => connect({ ...bench, limits: patience[howPatient] }, aheadMs),
    reopen: (bench) => ({ ...bench, client: admin, tokens: adminTokens, limits: {} }),
    redirect: (bench, endpoint) => connect({ ...bench, endpoint }, 0),
    async heal() {
      emulator.setFaults([]);
      emulator.quota(null);
      emulator.lock({});
      await emulator.outage(false);
    },
    state({ remote }) {
      const trashed = emulator.trash().map(({ kind, name }) => `${kind} ${name}`);
      return [...liveIn(emulator, `${remote()}/`), 'in the trash:', ...trashed.sort()].join('\n');
    },
    async close() {
      for (const client of clients) client.close();
      await emulator.close();
    },
  };
}

function liveIn(emulator: Emulator, folder: string): string[] {
  const items = emulator.tree().filter(({ path }) => path.startsWith(folder));
  return items
    .map(({ path, kind, md5, mtime, revision }) => {
      const name = path.slice(folder.length);
      return kind === 'folder' ? `${name}/` : `${name} ${md5} ${mtime} #${revision}`;
    })
    .sort();
}

/** Lends things out one at a time; those who come when all are lent wait. */
export function createPool<T>(items: readonly T[]): { use<R>(work: (item: T) => Promise<R>): Promise<R> } {
  const free = [...items];
  const waiting: ((item: T) => void)[] = [];
  return {
    async use(work) {
      const item = free.pop() ?? (await new Promise<T>((resolve) => waiting.push(resolve)));
      try {
        return await work(item);
      } finally {
        const next = waiting.shift();
        if (next) next(item);
        else free.push(item);
      }
    },
  };
}
