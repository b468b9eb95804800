import { existsSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { Nodes } from '../../src/store/nodes.ts';
import { openDatabase } from '../../src/store/schema.ts';
import { md5 } from '../support/md5.ts';

/** What the drive's state folder says while no drive runs on it. */
export interface DriveState {
  /** One line for each change that is not on the server. */
  readonly pending: readonly string[];
  /** Of those, how many the server refused. */
  readonly failed: number;
  /** Staging files that no pending change claims. */
  readonly orphans: readonly string[];
  /** md5 of what was set aside. */
  readonly setAside: readonly string[];
}

export async function loadDriveState(stateDir: string): Promise<DriveState> {
  const account = await findAccount(stateDir);
  const { pending, failed, claimed } = withDatabase(account, (nodes, db) => ({
    pending: nodes.getPending(0, 1_000).map((row) => JSON.stringify(row)),
    failed: nodes.countPending().failed,
    claimed: new Set(
      db
        .prepare('SELECT id FROM staging')
        .all()
        .map(({ id }) => String(id)),
    ),
  }));
  const staged = await readdir(join(account, 'staging')).catch(() => []);
  const lost = join(account, 'lost+found');
  const setAside = [];
  for (const name of existsSync(lost) ? await readdir(lost) : []) setAside.push(md5(await readFile(join(lost, name))));
  return { pending, failed, orphans: staged.filter((id) => !claimed.has(id)), setAside };
}

/** What "Retry Failed Transfers" does, for a drive that is not running. */
export async function retryFailed(stateDir: string): Promise<void> {
  withDatabase(await findAccount(stateDir), (nodes) => {
    for (const row of nodes.getFailed()) nodes.update(row.ino, { failure: null });
  });
}

/**
 * What "Discard Change…" does to files of a content that nobody ever had, for a drive that is not running: a server that names
 * a wrong md5 has made it up, and it is nowhere.
 */
export async function discardMadeUp(stateDir: string, isKnown: (md5: string) => boolean): Promise<void> {
  withDatabase(await findAccount(stateDir), (nodes) => {
    for (const { ino, failure, staging, md5: content, synced } of nodes.getFailed()) {
      if (failure !== 'vanished' || staging !== null || content === null || isKnown(content)) continue;
      const { md5: theirs = null, size = 0 } = synced ?? {};
      nodes.update(ino, { failure: null, ...(theirs === null ? { parent: null } : { md5: theirs, size }) });
    }
  });
}

export async function clearSetAside(stateDir: string): Promise<void> {
  await rm(join(await findAccount(stateDir), 'lost+found'), { recursive: true, force: true });
}

async function findAccount(stateDir: string): Promise<string> {
  const [account] = await readdir(join(stateDir, 'accounts'));
  if (account === undefined) throw new Error('the drive has no account');
  return join(stateDir, 'accounts', account);
}

function withDatabase<T>(account: string, work: (nodes: Nodes, db: DatabaseSync) => T): T {
  const db = openDatabase(join(account, 'metadata.db'));
  try {
    return work(new Nodes(db), db);
  } finally {
    db.close();
  }
}
