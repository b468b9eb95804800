import type { RequestType, RequestType0 } from 'vscode-jsonrpc/node';
import type { DriveErrorData } from '../../protocol/errors.ts';
import * as messages from '../../protocol/fileMessages.ts';
import * as content from './content.ts';
import { about, type FilesContext } from './context.ts';
import { copy } from './copy.ts';
import { download } from './download.ts';
import { lookup, stat } from './entries.ts';
import * as links from './links.ts';
import * as names from './names.ts';
import * as pins from './pins.ts';
import * as revisions from './revisions.ts';
import { Search } from './search.ts';
import * as trash from './trash.ts';
import { upload } from './upload.ts';

/** How one window's requests are answered (server.ts). */
export interface Answer {
  request<P, R>(
    type: RequestType<P, R, DriveErrorData>,
    work: (params: P, signal: AbortSignal) => R | Promise<R>,
  ): void;
  plain<R>(type: RequestType0<R, DriveErrorData>, work: () => R | Promise<R>): void;
}

/** A request whose window asks for no end of its own. */
const deadlineMs = 5 * 60_000;

/** Answers the requests of protocol/fileMessages.ts. `getContext` throws `signedOut` while there is no session. */
export function answerFiles(answer: Answer, getContext: () => FilesContext): void {
  const search = new Search();
  /** A request about one path: its failures say which. */
  const onPath = <P extends { readonly path: string }, R>(
    type: RequestType<P, R, DriveErrorData>,
    work: (context: FilesContext, params: P, signal: AbortSignal) => Promise<R>,
  ) => answer.request(type, (params, signal) => about(params.path, () => work(getContext(), params, signal)));

  onPath(messages.stat, (context, { path }) => stat(context, path));
  answer.request(messages.lookup, ({ paths }) => lookup(getContext(), paths));
  onPath(messages.readFile, content.readFile);
  onPath(messages.writeFile, content.writeFile);
  onPath(messages.putFile, content.putFile);
  onPath(messages.createFolder, (context, { path }) => names.createFolder(context, path));
  onPath(messages.deleteEntry, names.remove);
  answer.request(messages.rename, (params) => about(params.to, () => names.rename(getContext(), params)));
  answer.request(messages.copy, (params, signal) => about(params.to, () => copy(getContext(), params, signal)));
  answer.request(messages.upload, (params, signal) => about(params.folder, () => upload(getContext(), params, signal)));
  answer.request(messages.download, (params, signal) =>
    about(params.localFolder, () => download(getContext(), params, signal)),
  );
  answer.request(messages.search, (params, signal) =>
    about(params.folder, () => search.search(getContext(), params, signal)),
  );
  onPath(messages.listRevisions, (context, { path }, signal) => revisions.listRevisions(context, path, signal));
  onPath(messages.readRevision, revisions.readRevision);
  onPath(messages.restoreRevision, revisions.restoreRevision);
  answer.plain(messages.listTrash, () => trash.listTrash(getContext(), AbortSignal.timeout(deadlineMs)));
  answer.plain(messages.emptyTrash, () => trash.emptyTrash(getContext(), AbortSignal.timeout(deadlineMs)));
  onPath(messages.restoreFromTrash, (context, { path }, signal) => trash.restoreFromTrash(context, path, signal));
  onPath(messages.deleteForever, (context, { path }, signal) => trash.deleteForever(context, path, signal));
  onPath(messages.createPublicLink, (context, { path }, signal) => links.createPublicLink(context, path, signal));
  onPath(messages.getPublicLink, (context, { path }, signal) => links.getPublicLink(context, path, signal));
  onPath(messages.removePublicLink, (context, { path }, signal) => links.removePublicLink(context, path, signal));
  answer.plain(messages.listPublic, () => links.listPublic(getContext(), AbortSignal.timeout(deadlineMs)));
  onPath(messages.getWebUrl, (context, { path }) => links.getWebUrl(context, path));
  onPath(messages.pin, (context, { path }) => pins.pin(context, path));
  onPath(messages.removeOfflineCopy, (context, { path }) => pins.removeOfflineCopy(context, path));
  answer.plain(messages.freeUpSpace, () => pins.freeUpSpace(getContext()));
}
