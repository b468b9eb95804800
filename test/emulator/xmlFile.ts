import type { Context } from './context.ts';
import type { FileNode, Revision } from './model.ts';
import { jfsTime } from './times.ts';
import { parentPathOf } from './tree.ts';
import { deletedAttribute, escapeAttribute, preserved, prolog, rootAttributes } from './xmlText.ts';

/** A `<file>` inside a listing: no older revisions, no size of an unfinished one (jottacloud-protocol.md §2.5, §2.6). */
export function listedFile(file: FileNode, attributes: string, places: string): string {
  return (
    `<file name="${escapeAttribute(file.name)}" uuid="${file.uuid}"${attributes}>${places}${sharing(file)}` +
    (file.current ? `<currentRevision>${inside(file.current)}</currentRevision>` : '') +
    (file.latest ? `<latestRevision>${inside(file.latest)}</latestRevision>` : '') +
    '</file>'
  );
}

/** The `<file>` document of a direct GET, with older revisions and the bytes received of an unfinished upload. */
export function fileXml({ account, uploads }: Context, file: FileNode): string {
  const parent = parentPathOf(account, file);
  const received = file.latest?.state === 'INCOMPLETE' ? (uploads.get(file.latest.uploadId)?.received ?? 0) : undefined;
  const older = file.older.map((revision) => `<revision>${inside(revision)}</revision>`).join('');
  return (
    `${prolog}<file name="${escapeAttribute(file.name)}" uuid="${file.uuid}"${deletedAttribute(file.deleted)}${rootAttributes()}>` +
    `${preserved('path', parent)}${preserved('abspath', parent)}${sharing(file)}` +
    (file.current ? `<currentRevision>${inside(file.current)}</currentRevision>` : '') +
    (file.latest ? `<latestRevision>${inside(file.latest, received)}</latestRevision>` : '') +
    (older ? `<revisions>${older}</revisions>` : '') +
    '</file>'
  );
}

function sharing({ publicUri }: FileNode): string {
  return publicUri ? `<publicURI>${publicUri}</publicURI><publicSharePath>/s/${publicUri}</publicSharePath>` : '';
}

function inside(revision: Revision, received?: number): string {
  const size = revision.state === 'COMPLETED' ? revision.size : received;
  return (
    `<number>${revision.number}</number><state>${revision.state}</state><created>${jfsTime(revision.created)}</created>` +
    `<modified>${jfsTime(revision.modified)}</modified><mime>${revision.mime}</mime><mstyle>${revision.mime}</mstyle>` +
    (size === undefined ? '' : `<size>${size}</size>`) +
    `<md5>${revision.md5}</md5><updated>${jfsTime(revision.updated)}</updated>`
  );
}
