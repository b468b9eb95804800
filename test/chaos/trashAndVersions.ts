import { nameKey } from '../../src/base/nameKey.ts';
import * as files from '../../src/protocol/fileMessages.ts';
import { md5 } from '../support/md5.ts';
import { type Lane, tryReserve, whenToCancel, withFile, withLocks } from './choosing.ts';

import { tryAll, tryUsePath } from './locks.ts';
import type { Entry } from './model.ts';
import { Violation } from './violation.ts';
import { toAccountPath } from './windowActor.ts';

/** Reads an older version of a file, or the newest, and now and then makes it the newest. */
export async function useRevision(lane: Lane): Promise<boolean> {
  const { model, window, random } = lane;
  return withFile(lane, async (entry) => {
    const { parent: folder, name } = entry;
    const path = model.getPath(entry);
    const listed = await window.ask(files.listRevisions, { path: toAccountPath(path) }, whenToCancel(lane));
    if (listed.code === 'pendingUploads' || folder === undefined) return;
    window.judgeFetch(listed, 'fetch', path);
    if (listed.code !== undefined || listed.value.length === 0) return;
    const { revision, size } = random.pick(listed.value);
    const content = await readRevision(lane, path, revision, size);
    if (content === undefined || random.chance(0.4)) return;
    await window.put({ folder, name, entry }, { content }, 'fetch', () =>
      window.ask(files.restoreRevision, { path: toAccountPath(path), revision }, whenToCancel(lane)),
    );
  });
}

async function readRevision(lane: Lane, path: string, revision: number, size: number): Promise<Buffer | undefined> {
  const { window } = lane;
  const parts: Buffer[] = [];
  for (let offset = 0; offset < size; ) {
    const params = { path: toAccountPath(path), revision, offset, length: files.readChunkBytes };
    const outcome = await window.ask(files.readRevision, params, whenToCancel(lane));
    window.judgeFetch(outcome, 'fetch', path);
    if (outcome.code !== undefined) return undefined;
    const bytes = Buffer.from(outcome.value.content, 'base64');
    if (bytes.length === 0) break;
    parts.push(bytes);
    offset += bytes.length;
  }
  const content = Buffer.concat(parts);
  if (await window.isKnownToServer(content)) return content;
  if (window.mayBeSpoilt(content)) return undefined;
  throw new Violation([`version ${revision} of ${path} reads ${md5(content)}, which the server never had`]);
}

/**
 * What comes back from the trash is changed on the server, as if another device had done it: nothing but the loss of bytes is
 * said about that path for the rest of the round. When it is acknowledged, it is there and whole.
 */
export async function restoreFromTrash(lane: Lane): Promise<boolean> {
  const { model, window, random } = lane;
  const listed = await window.listTrash(whenToCancel(lane));
  if (listed.code !== undefined) return false;
  const free = listed.value.flatMap((trashed) => {
    const place = findFreePlace(lane, trashed.path);
    return place === undefined ? [] : [{ trashed, ...place }];
  });
  if (free.length === 0) return false;
  const { trashed, folder, name } = random.pick(free);
  const release = tryAll(
    () => tryReserve(folder, name),
    () => tryUsePath(folder),
  );
  return withLocks(release, async () => {
    const path = model.getPath(folder) === '' ? name : `${model.getPath(folder)}/${name}`;
    model.contest(path);
    const outcome = await window.ask(files.restoreFromTrash, { path: trashed.path }, whenToCancel(lane));
    window.judgeFetch(outcome, 'fetch', path);
    if (outcome.code !== undefined || outcome.disturbed || model.isContested('')) return;
    await window.checkRestored(path, trashed);
  });
}

/** Where a trashed entry was, when its folder is here and nothing has its name. */
function findFreePlace({ model }: Lane, path: string): { folder: Entry; name: string } | undefined {
  const top = `${toAccountPath('')}/`;
  if (!path.startsWith(top)) return undefined;
  const inner = path.slice(top.length);
  const cut = inner.lastIndexOf('/');
  const folder = cut < 0 ? model.root : model.find(inner.slice(0, cut));
  const name = inner.slice(cut + 1);
  if (folder === undefined || folder.file !== undefined || model.isContested(model.getPath(folder))) return undefined;
  if (model.getChildren(folder).some((child) => nameKey(child.name) === nameKey(name))) return undefined;
  return { folder, name };
}
