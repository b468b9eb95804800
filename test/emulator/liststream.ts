import type { Container } from './model.ts';
import { isoTime } from './times.ts';
import { escapeText, prolog, rootAttributes } from './xmlText.ts';

const flushChars = 64 * 1024;

/**
 * The recursive listing of jottacloud-protocol.md §2.8, streamed: paths start at the mountpoint, live and complete items only,
 * each `<folder>` once and before its files, and counts that match exactly.
 */
export async function* liststream(top: Container): AsyncGenerator<string> {
  let pending = `${prolog}<liststream${rootAttributes()}>`;
  const count = { folders: 0, files: 0 };
  for (const part of walk(top, pathFromMountPoint(top), count)) {
    pending += part;
    if (pending.length < flushChars) continue;
    yield pending;
    pending = '';
  }
  yield `${pending}<stats><folders>${count.folders}</folders><files>${count.files}</files></stats></liststream>`;
}

function* walk(folder: Container, path: string, count: { folders: number; files: number }): Generator<string> {
  const pathElement = `<path>${escapeText(path)}</path>`;
  count.folders++;
  yield `<folder>${pathElement}</folder>`;
  for (const node of folder.live.values()) {
    if (node.kind === 'folder' || !node.current) continue;
    const { md5, size, modified, created } = node.current;
    count.files++;
    yield `<file>${pathElement}<filename>${escapeText(node.name)}</filename><md5>${md5}</md5><size>${size}</size>` +
      `<modified>${isoTime(modified)}</modified><created>${isoTime(created)}</created></file>`;
  }
  for (const node of folder.live.values()) if (node.kind === 'folder') yield* walk(node, `${path}/${node.name}`, count);
}

function pathFromMountPoint(container: Container): string {
  return container.kind === 'mountPoint'
    ? `/${container.name}`
    : `${pathFromMountPoint(container.parent)}/${container.name}`;
}
