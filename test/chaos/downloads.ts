import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { splitEnding } from '../../src/sync/tree/standIns.ts';
import { md5 } from '../support/md5.ts';

import type { Plan } from './plan.ts';
import { Violation } from './violation.ts';
import { expectBytes } from './windowActor.ts';

/** What a download was asked for. */
export interface Wanted {
  /** Of one file where the local folder has something of its name. */
  readonly plan: Plan;
  /** What the name held in the local folder before. */
  readonly former: Buffer | undefined;
  readonly collision: 'fail' | 'replace' | 'keepBoth';
  /** Nobody else had a hand in it. */
  readonly isKnown: boolean;
  readonly done: boolean;
}

/**
 * Each local file is whole or not there, what was in the folder before is whole too, and nothing half-made is left. `disturbed`:
 * a drive that died leaves what it was writing, under its own name.
 */
export async function checkDownload(localFolder: string, wanted: Wanted, disturbed: boolean): Promise<void> {
  const { plan, former, collision, isKnown, done } = wanted;
  const found = await readTree(localFolder);
  for (const path of found.keys()) {
    if (!path.endsWith('.part')) continue;
    if (!disturbed) throw new Violation([`a download left a part of a file: ${path}`]);
    found.delete(path);
  }
  const expected = new Map<string, Buffer>();
  for (const { path, content } of plan) {
    const local = former !== undefined && collision === 'keepBoth' ? numberName(path) : path;
    if (content !== undefined) expected.set(local, content);
  }
  for (const [path, bytes] of found) {
    const isFormer = former !== undefined && path === plan[0]?.path && md5(bytes) === md5(former);
    if (isFormer && !(done && collision === 'replace')) continue;
    if (!isKnown) continue;
    const content = expected.get(path);
    if (content === undefined) throw new Violation([`a download made what nobody asked for: ${path}`]);
    expectBytes(`${path}, a downloaded file,`, bytes, content);
  }
  if (former !== undefined && !found.has(plan[0]?.path ?? ''))
    throw new Violation([`a download took away what was there: ${plan[0]?.path}`]);
  if (!done || !isKnown) return;
  for (const path of expected.keys()) {
    if (!found.has(path)) throw new Violation([`a download that was acknowledged has not made ${path}`]);
  }
}

/** As a drive numbers a second file of that name (files/collision.ts). */
export function numberName(name: string, number = 2): string {
  const { stem, ending } = splitEnding(name);
  return `${stem} (${number})${ending}`;
}

async function readTree(folder: string): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>();
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    found.set(path.slice(folder.length + 1), await readFile(path));
  }
  return found;
}
