import type { Context } from './context.ts';
import type { Container } from './model.ts';
import { isoTime } from './times.ts';
import { spelled } from './xmlFile.ts';
import { escapeText, prolog, rootAttributes } from './xmlText.ts';

const flushChars = 64 * 1024;

/**
 * The recursive listing of PROTOCOL.md §2.8, streamed: paths start at the mountpoint, live and complete items only,
 * each `<folder>` once and before its files, and counts that match exactly. With quirk `liststreamFolders` a folder that has
 * files is counted, but has no element of its own.
 */
export async function* liststream(context: Context, top: Container): AsyncGenerator<string> {
  let pending = `${prolog}<liststream${rootAttributes(context)}>`;
  const count = { folders: 0, files: 0 };
  for (const part of walk(context, top, pathFromMountPoint(top), count)) {
    pending += part;
    if (pending.length < flushChars) continue;
    yield pending;
    pending = '';
  }
  yield `${pending}<stats><folders>${count.folders}</folders><files>${count.files}</files></stats></liststream>`;
}

function* walk(
  context: Context,
  folder: Container,
  path: string,
  count: { folders: number; files: number },
): Generator<string> {
  const pathElement = `<path>${escapeText(path)}</path>`;
  const implied = context.quirks.liststreamFolders === 'without-files-only' && hasFiles(folder);
  count.folders++;
  if (!implied) yield `<folder>${pathElement}</folder>`;
  for (const node of folder.live.values()) {
    if (node.kind === 'folder' || !node.current) continue;
    const { modified, created } = node.current;
    const { name, size, md5 } = { name: node.name, ...node.current, ...node.told };
    count.files++;
    yield `<file>${pathElement}<filename>${escapeText(name)}</filename><md5>${spelled(context, md5)}</md5>` +
      `<size>${size}</size><modified>${isoTime(modified)}</modified><created>${isoTime(created)}</created></file>`;
  }
  for (const node of folder.live.values()) {
    if (node.kind === 'folder') yield* walk(context, node, `${path}/${node.name}`, count);
  }
}

function hasFiles(folder: Container): boolean {
  for (const node of folder.live.values()) if (node.kind === 'file' && node.current) return true;
  return false;
}

function pathFromMountPoint(container: Container): string {
  return container.kind === 'mountPoint'
    ? `/${container.name}`
    : `${pathFromMountPoint(container.parent)}/${container.name}`;
}
