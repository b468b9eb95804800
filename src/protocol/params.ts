import type { RequestType } from 'vscode-jsonrpc';
import type { NetworkOptions } from '../base/networkOptions.ts';
import type { DriveErrorData } from './errors.ts';
import * as files from './fileMessages.ts';
import * as messages from './messages.ts';
import { flag, integer, invalid, list, localPath, object, oneOf, optional, path, type Schema, text } from './schema.ts';

/** A longer wait than a timer takes comes at once. ms. */
const longestTimerMs = 2_147_483_647;

const schemas = new Map<string, Schema<unknown>>();

/** One schema a message; its type is that of the message's parameters. */
function define<P, R>(type: RequestType<P, R, DriveErrorData>, schema: Schema<P>): void {
  schemas.set(type.method, schema);
}

/** What a request of a window holds. Throws DriveError `invalidParams` (args: `field`). */
export function parseParams<P, R>(type: RequestType<P, R, DriveErrorData>, value: unknown): P {
  const schema = schemas.get(type.method);
  if (schema === undefined) throw invalid('');
  return schema(value, '') as P;
}

/** Every method that takes parameters. */
export function getMethods(): string[] {
  return [...schemas.keys()];
}

const network = object<NetworkOptions>({
  useProxy: flag,
  proxy: text,
  noProxy: list(text),
  proxyAuthorization: text,
  strictSsl: flag,
  systemCertificates: flag,
});

define(messages.hello, object({ protocolVersion: integer(0), clientVersion: text, keepsTokens: flag, focused: flag }));
define(messages.signIn, object({ loginToken: text, confirmedHost: optional(text) }));
define(
  messages.beginSignIn,
  object({ brand: text, page: object<messages.LandingPage>({ title: text, done: text, refused: text }) }),
);
define(messages.awaitSignIn, object({ id: text }));
define(messages.passSignInAddress, object({ id: text, address: text }));
define(messages.resume, object({ username: text, secret: text }));
define(messages.mount, object({ mountPoint: path, source: path, readOnly: flag }));
define(messages.checkMountPoint, object({ mountPoint: path }));
define(messages.unmount, object({ mountPoint: path, mode: oneOf('drain', 'keep', 'force') }));
define(messages.list, object({ path, refresh: flag }));
define(messages.watch, object({ paths: list(path) }));
define(
  messages.setOptions,
  object({
    pollIntervalMs: integer(1_000, longestTimerMs),
    cacheMaxBytes: integer(0),
    cacheMinFreeBytes: integer(0),
    keepAfterClose: flag,
    driver: oneOf(...messages.driverSettings),
    ignoredNames: list(path, 10_000),
    followOutsideLinks: flag,
    previewsDownload: flag,
    uploadBytesPerSecond: integer(0),
    downloadBytesPerSecond: integer(0),
    parallelPushes: integer(1, 1_000),
    network,
  }),
);
define(messages.setTransfersPaused, object({ paused: flag }));
define(messages.retryFailed, object({ id: optional(text) }));
define(messages.stopTransfer, object({ id: text }));
define(messages.discardFailed, object({ id: text }));
define(messages.exportFailed, object({ id: text, to: path }));
define(messages.history, object({ limit: integer(0) }));
define(messages.shutdown, object({ reason: oneOf('handOver', 'drain') }));

const onPath = object({ path });
const revision = integer(0);
const collision = oneOf('fail', 'replace', 'keepBoth');

define(files.stat, onPath);
define(files.lookup, object({ paths: list(path) }));
define(files.readFile, object({ path, offset: integer(0), length: integer(0) }));
define(files.writeFile, object({ path, content: text, create: flag, overwrite: flag }));
define(files.putFile, object({ path, localFile: localPath, create: flag, overwrite: flag }));
define(files.createFolder, onPath);
define(files.deleteEntry, object({ path, recursive: flag }));
define(files.rename, object({ from: path, to: path, overwrite: flag }));
define(files.copy, object({ from: path, to: path, collision }));
define(files.upload, object({ localPaths: list(localPath), folder: path, collision }));
define(files.download, object({ paths: list(path), localFolder: localPath, collision }));
define(files.search, object({ folder: path, text, limit: integer(0), deep: flag }));
define(files.listRevisions, onPath);
define(files.readRevision, object({ path, revision, offset: integer(0), length: integer(0) }));
define(files.restoreRevision, object({ path, revision }));
define(files.restoreFromTrash, onPath);
define(files.deleteForever, onPath);
define(files.createPublicLink, onPath);
define(files.getPublicLink, onPath);
define(files.removePublicLink, onPath);
define(files.getWebUrl, onPath);
define(files.pin, onPath);
define(files.removeOfflineCopy, onPath);
