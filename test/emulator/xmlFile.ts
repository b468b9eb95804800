import type { Context } from './context.ts';
import type { FileNode, Revision, Told } from './model.ts';
import { absoluteParentOf, parentPathOf } from './tree.ts';
import { deletedAttribute, escapeAttribute, preserved, prolog, rootAttributes, timeOf } from './xmlText.ts';

/** A `<file>` inside a listing: no older revisions, no size of an unfinished one (PROTOCOL.md §2.5, §2.6). */
export function listedFile(context: Context, file: FileNode, attributes: string, places: string): string {
  return `<file name="${toldName(file)}" uuid="${file.uuid}"${attributes}>${places}${sharing(file)}${revisions(context, file)}</file>`;
}

/**
 * The `<file>` document of a direct GET, with older revisions and the bytes received of an unfinished upload. `inTrash` is the
 * path of its folder inside the view Trash, when it was asked for there.
 */
export function fileXml(context: Context, file: FileNode, inTrash?: string): string {
  const { account, uploads } = context;
  const parent = parentPathOf(account, file);
  const received = file.latest?.state === 'INCOMPLETE' ? (uploads.get(file.latest.uploadId)?.received ?? 0) : undefined;
  const older = file.older.map((revision) => `<revision>${inside(context, revision)}</revision>`).join('');
  const attributes = deletedAttribute(context, file.deleted) + (inTrash === undefined ? '' : ' contextType="TRASH"');
  return (
    `${prolog}<file name="${toldName(file)}" uuid="${file.uuid}"${attributes}${rootAttributes(context)}>` +
    `${preserved('path', inTrash ?? parent)}${preserved('abspath', absoluteParentOf(context, file))}${sharing(file)}` +
    `${revisions(context, file, received)}${older ? `<revisions>${older}</revisions>` : ''}</file>`
  );
}

/** `publicURI` and the newer `publicSharePath` of anything that is shared (§2.10). */
export function sharing({ publicUri }: { publicUri: string | undefined }): string {
  return publicUri ? `<publicURI>${publicUri}</publicURI><publicSharePath>/s/${publicUri}</publicSharePath>` : '';
}

function toldName({ name, told }: FileNode): string {
  return escapeAttribute(told?.name ?? name);
}

function revisions(context: Context, { current, latest, told }: FileNode, received?: number): string {
  return (
    (current ? `<currentRevision>${inside(context, current, undefined, told)}</currentRevision>` : '') +
    (latest ? `<latestRevision>${inside(context, latest, received)}</latestRevision>` : '')
  );
}

function inside(context: Context, revision: Revision, received?: number, told?: Told): string {
  const { number, state, created, modified, mime, updated } = revision;
  const size = told?.size ?? (state === 'COMPLETED' ? revision.size : received);
  return (
    `<number>${number}</number><state>${state}</state><created>${timeOf(context, created)}</created>` +
    `<modified>${timeOf(context, modified)}</modified><mime>${mime}</mime>` +
    (context.quirks.mstyle === 'given' ? `<mstyle>${mime}</mstyle>` : '') +
    (size === undefined ? '' : `<size>${size}</size>`) +
    `<md5>${told?.md5 ?? spelled(context, revision.md5)}</md5><updated>${timeOf(context, updated)}</updated>`
  );
}

/** An md5 in the case of quirk `md5Case`. */
export function spelled({ quirks }: Context, md5: string): string {
  if (quirks.md5Case === 'as-sent') return md5;
  return quirks.md5Case === 'upper' ? md5.toUpperCase() : md5.toLowerCase();
}
