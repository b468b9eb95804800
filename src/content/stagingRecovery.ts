import { readdir, rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fsErrorCode } from '../base/errno.ts';
import { makeFolders } from '../base/folders.ts';
import { LocalFile } from '../base/localFile.ts';
import type { Log } from '../base/log.ts';
import type { NodeRow } from '../store/nodeRow.ts';
import type { Nodes } from '../store/nodes.ts';
import { formatTime, type Rescued, shorten, stripDraft } from './rescue.ts';
import type { StagingTable } from './stagingTable.ts';
import { isAsWritten, type WrittenSum } from './writtenSums.ts';

export interface RecoveryOptions {
  readonly nodes: Nodes;
  /** ms since the epoch. */
  readonly now: number;
  /** Names this run of the machine (base/bootId.ts). */
  readonly bootId: string | undefined;
  /** Hears of each file that lost bytes with the power, as it was. */
  readonly onTorn: (row: NodeRow) => void;
}

interface RecoveryDeps extends RecoveryOptions {
  readonly table: StagingTable;
  readonly dir: string;
  readonly lostDir: string;
  readonly log: Log;
}

/**
 * Brings folder and table of the staging files together, before anybody uses them. After a loss of power a file that is not
 * what its row promises goes to the lost-and-found folder, and its name shows again what it showed before; bytes of a save that was
 * never acknowledged, or whose row the disk has lost, go there too. Drafts and what nobody needs are deleted. Answers what was moved.
 */
export async function recoverStaging(deps: RecoveryDeps): Promise<Rescued | null> {
  const { table, nodes, dir, lostDir, log, now, bootId } = deps;
  await makeFolders(dir);
  // Made now, because the disk may be full when it is needed.
  await makeFolders(lostDir);
  await keepClaimedDrafts(table, dir);
  let files = await settleDoubtful(deps);
  const claimed = new Set(table.list());
  const needless = new Set(table.listUnclaimed());
  for (const id of await readdir(dir)) {
    const path = join(dir, id);
    if (needless.has(id) || stripDraft(id) !== id) await unlink(path);
    else if (!claimed.has(id) && (await stat(path)).size === 0) await unlink(path);
    else if (!claimed.has(id)) {
      await rename(path, join(lostDir, `${formatTime(now)} ${id}`));
      files += 1;
    }
  }
  nodes.transaction(() => {
    for (const id of needless) table.remove(id);
    nodes.facts.set('boot', bootId ?? '');
  });
  if (files === 0) return null;
  log.warn('bytes that were not kept for good were set aside', { files, folder: lostDir });
  return { cause: 'unclaimed', folder: lostDir, files, at: now };
}

/** The row is on the disk, the rename that came before it is not: the power was cut between the two. */
async function keepClaimedDrafts(table: StagingTable, dir: string): Promise<void> {
  const drafts = (await readdir(dir)).filter((name) => stripDraft(name) !== name);
  for (const name of drafts) {
    const id = stripDraft(name);
    if (table.find(id) !== undefined) await rename(join(dir, name), join(dir, id));
  }
}

/** What the last run of the drive had not synced: the kernel still has it, or it is looked at. Answers how many files were moved. */
async function settleDoubtful(deps: RecoveryDeps): Promise<number> {
  const { table, nodes, dir, bootId } = deps;
  const doubtful = table.listDoubtful();
  if (doubtful.length === 0) return 0;
  const isSameRun = bootId !== undefined && nodes.facts.get('boot') === bootId;
  let moved = 0;
  for (const { id, sums } of doubtful) {
    const row = nodes.findByStaging(id);
    if (row === undefined) continue;
    const path = join(dir, id);
    if (isSameRun) await syncFile(path);
    else if ((sums === undefined || !(await isWhole(path, sums))) && (await setAside(deps, row, path))) moved += 1;
  }
  table.setSettled(table.getLastEpoch());
  return moved;
}

/** One that is missing is met when it is opened. */
async function syncFile(path: string): Promise<void> {
  try {
    const file = new LocalFile(path, 'r+');
    await file.datasync().finally(() => file.close());
  } catch (error) {
    if (fsErrorCode(error) !== 'ENOENT') throw error;
  }
}

async function isWhole(path: string, sums: readonly WrittenSum[]): Promise<boolean> {
  let file: LocalFile;
  try {
    file = new LocalFile(path, 'r');
  } catch (error) {
    if (fsErrorCode(error) === 'ENOENT') return false;
    throw error;
  }
  try {
    const read = async (position: number, length: number) => {
      const bytes = Buffer.alloc(length);
      await file.readFully(bytes, position);
      return bytes;
    };
    for (const sum of sums) {
      if (sum.end > file.length || !(await isAsWritten(sum, read))) return false;
    }
    return true;
  } finally {
    await file.close();
  }
}

/** Answers false when there was nothing left of the file to be moved. */
async function setAside(deps: RecoveryDeps, row: NodeRow, path: string): Promise<boolean> {
  const { lostDir, now, log, onTorn, nodes } = deps;
  log.error('a file lost bytes with the power; what is left of it is set aside', { ino: row.ino, folder: lostDir });
  onTorn(row);
  const name = `${formatTime(now)} ${row.ino} ${shorten(row.name)}`;
  // First the file: a death in between finds it missing, and does the rest.
  const moved = await rename(path, join(lostDir, name)).then(
    () => true,
    (error) => {
      if (fsErrorCode(error) !== 'ENOENT') throw error;
      return false;
    },
  );
  nodes.transaction(() => giveUp(nodes, row));
  return moved;
}

/** The name shows what the server has of it, or is gone when that is nothing. */
function giveUp(nodes: Nodes, row: NodeRow): void {
  const { ino, parent, name, synced } = row;
  if (synced !== null && synced.md5 !== null) {
    const mtime = { sec: synced.mtime, nsec: 0 };
    nodes.update(ino, { staging: null, md5: synced.md5, size: synced.size, mtime, failure: null });
    return;
  }
  // What it had taken the place of, and what the server was not told of yet, has its name again.
  const replaced = parent === null ? undefined : nodes.getSyncedChild(parent, name);
  nodes.remove(ino);
  if (parent !== null && replaced?.parent === null && replaced.kind === 'file') {
    nodes.update(replaced.ino, { parent, name, failure: null });
  }
}
