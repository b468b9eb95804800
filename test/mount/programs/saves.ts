import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { md5 } from '../../support/md5.ts';
import { until } from '../../support/until.ts';

import { fetchServerFile, recordChanges } from './changes.ts';
import type { Stage } from './support.ts';

/** Saves at once, each in a folder of its own: most of the time is spent waiting for their settle times. */
export const sideBySide = 5;

/**
 * The save of a document that the server has: ends as its next revision, and nothing else of its folder is sent but the
 * files named in `leaves`, which the program leaves beside it.
 */
export async function assertOneRevision(
  stage: Stage,
  path: string,
  save: () => Promise<unknown>,
  leaves: readonly string[] = [],
): Promise<void> {
  const before = await fetchServerFile(stage, path);
  assert.ok(before !== undefined, `the server has ${path} before it is saved`);
  const changes = recordChanges(stage);
  await save();
  const digest = md5(await readFile(join(stage.mount, path)));
  assert.notEqual(digest, before.md5, 'the save changed the document');
  const after = await until(`the save of ${path} has arrived`, async () => {
    const file = await fetchServerFile(stage, path);
    return file?.md5 === digest ? file : undefined;
  });
  assert.deepEqual(after, { uuid: before.uuid, revision: before.revision + 1, md5: digest });
  await untilPushed(stage, dirname(path));
  const folder = `/Jotta/Archive/${dirname(path)}/`;
  const sent = changes().filter(({ target }) => target.includes(folder));
  const own = [basename(path), ...leaves].map((name) => `/jfs${folder}${name}`);
  const foreign = sent.filter(({ kind, target }) => {
    if (kind === 'mkDir') return !target.includes(`${folder}${markerName}`);
    return kind !== 'allocate' || !own.includes(target);
  });
  assert.deepEqual(foreign, [], 'nothing else is sent, moved or removed');
}

/** Begins the names of the folders that tell when all has been pushed. */
const markerName = 'marker';
let markers = 0;

/**
 * Waits until the drive has pushed whatever it means to push by now: a folder made after everything else is pushed when its
 * settle time is over, and so is all that came before it.
 */
export async function untilPushed(stage: Stage, folder: string): Promise<void> {
  markers += 1;
  const path = `${folder}/${markerName} ${markers}`;
  await stage.sh(`mkdir '${path}'`);
  const arrived = () => stage.world.emulator.tree().some((item) => item.path === `/Jotta/Archive/${path}`);
  await until(`${path} is there`, arrived);
}

/** What is in the folder `cwd`, without the markers, one name a line. */
export function listDocuments(stage: Stage, cwd: string): Promise<string> {
  return stage.sh(`ls -A -I '${markerName}*'`, { cwd });
}
