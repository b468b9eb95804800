import type { RateLimit } from '../../base/rateLimit.ts';
import type { JottacloudClient } from '../../jottacloud/client.ts';
import { isJottaError, type JottaErrorKind } from '../../jottacloud/errors.ts';
import { isReadOnlyPlace } from '../../jottacloud/places.ts';
import { toKeptSeconds } from '../../jottacloud/times.ts';
import type { JottaEntry, JottaFile } from '../../jottacloud/types.ts';
import type { Link } from '../../sync/tree/link.ts';
import {
  type Remote,
  type RemoteEntry,
  RemoteError,
  type RemoteErrorKind,
  type RemoteFile,
  type RemoteListing,
  type TreeEntry,
} from '../../sync/tree/remote.ts';
import { toLocalName, toWireName } from './names.ts';

/** What the write-back makes of each failure of the client. */
const kinds: Record<JottaErrorKind, RemoteErrorKind> = {
  offline: 'offline',
  timeout: 'offline',
  certificate: 'offline',
  proxy: 'offline',
  unauthorized: 'signedOut',
  signedOut: 'signedOut',
  forbidden: 'forbidden',
  writeLocked: 'writeLocked',
  invalidName: 'invalidName',
  unreachableName: 'unreachableName',
  notFound: 'notFound',
  conflict: 'conflict',
  quota: 'quota',
  incomplete: 'incomplete',
  corrupt: 'server',
  range: 'server',
  server: 'server',
  protocol: 'server',
  cancelled: 'cancelled',
};

function toRemoteError(error: unknown): unknown {
  if (!isJottaError(error)) return error;
  const needsPerson = error.kind === 'certificate' || error.kind === 'proxy';
  return new RemoteError(kinds[error.kind], error.message, { cause: error, needsPerson });
}

/** What is told of a file is wrong and stays so, whatever it is: asking again changes nothing. */
function refuseLasting(error: unknown): never {
  const isLasting = isJottaError(error, 'protocol') && error.status === 400;
  throw isLasting ? new RemoteError('forbidden', error.message, { cause: error }) : error;
}

/** How fast bytes may go, for all transfers of one direction together. */
export interface Rates {
  readonly upload: RateLimit;
  readonly download: RateLimit;
}

/** The client as the write-back's port: errors translated, every outcome told to the link, names decoded. */
export function createRemote(client: JottacloudClient, link: Link, rates: Rates): Remote {
  const call = <T>(request: Promise<T>): Promise<T> =>
    link.watch(
      request.catch((error: unknown) => {
        throw toRemoteError(error);
      }),
    );
  return {
    fetchEntries: (path, signal) => call(fetchContainer(client, path, signal)),
    fetchFile: async (path, signal) => toFile(await call(client.fetchFile(path, signal))),
    fetchRevisions: async (path, signal) => (await call(client.fetchKeptRevisions(path, signal))).map(toFile),
    fetchTree: (path, signal) => fetchTree(client, link, path, signal),
    fetchHints: async (device, signal) => {
      const { mountpoints } = await call(client.fetchDevice(device, signal));
      return new Map(mountpoints.map(({ name, size, modified }) => [name, `${size} ${modified}`]));
    },
    comesWhole: (path, md5) => client.comesWhole(path, md5),
    openRange: async (path, { start, end, size, revision, md5 }, signal) => {
      const range = { start, end, size, md5, ...(revision === null ? {} : { revision }) };
      return watchChunks(rates.download.shape(await call(client.download(path, range, signal)), signal));
    },
    refusesTaken: () => client.refusesTaken,
    tryRefusal: (path, { size, md5, mtime }, signal) =>
      call(client.tryRefusal(path, { size, md5, modified: mtime }, signal)),
    fetchHistory: async (path, signal) => {
      const { isLive, revisions } = await call(client.fetchHistory(path, signal));
      return { isLive, revisions: revisions.map(toFile) };
    },
    fetchProgress: async (path, signal) => {
      const { current, unfinished } = await call(client.fetchProgress(path, signal));
      return { current: current && toFile(current), unfinished };
    },
    allocate: (path, { size, md5, mtime, onto }, signal) => {
      const file = { size, md5, modified: mtime };
      const asked =
        onto === 'reject'
          ? client.allocate(path, { ...file, onConflict: 'reject' }, signal)
          : client.allocate(path, { ...file, created: onto.created || mtime, onConflict: 'newRevision' }, signal);
      return call(asked.catch(refuseLasting));
    },
    upload: async (uploadUrl, body, span, signal, onProgress) => {
      if (Buffer.isBuffer(body)) await rates.upload.take(body.length, signal);
      const shaped = Buffer.isBuffer(body) ? body : rates.upload.shape(body, signal);
      await call(client.upload(uploadUrl, shaped, span, signal, onProgress));
    },
    createFolder: (path, signal) => call(client.createFolder(path, signal)),
    moveFile: (from, to, signal) => call(client.moveFile(from, to, signal)),
    moveFolder: (from, to, signal) => call(client.moveFolder(from, to, signal)),
    trashFile: (path, signal) => call(client.trashFile(path, signal)),
    trashFolder: (path, signal) => call(client.trashFolder(path, signal)),
    setTimes: async (path, { size, md5, mtime, created }, signal) => {
      await call(client.setFileTimes(path, { md5, size, modified: mtime, created: created || mtime }, signal));
    },
    encodeName: (name, former) => toWireName(name, former, (local) => client.encodeName(local)),
    isReadOnly: isReadOnlyPlace,
    toKeptTime: toKeptSeconds,
  };
}

async function fetchContainer(
  client: JottacloudClient,
  path: readonly string[],
  signal: AbortSignal,
): Promise<RemoteListing> {
  const [device] = path;
  if (device === undefined) {
    const { devices, unusable } = await client.fetchAccount(signal);
    return toListing('device', devices, unusable);
  }
  if (path.length === 1) {
    const { mountpoints, unusable } = await client.fetchDevice(device, signal);
    return toListing('mountpoint', mountpoints, unusable);
  }
  const all = await client.fetchFolder(path, signal);
  const entries = all.flatMap((entry) => toEntry(entry) ?? []);
  return { entries, unusable: all.flatMap(({ kind, name }) => (kind === 'unusable' ? [name] : [])) };
}

function toListing(
  kind: 'device' | 'mountpoint',
  places: readonly { readonly name: string }[],
  unusable: number,
): RemoteListing {
  const entries = places.map(({ name }) => ({ kind, name: toLocalName(name), wire: name }));
  return { entries, unusable: new Array<string>(unusable).fill('') };
}

function toEntry(entry: JottaEntry): RemoteEntry | undefined {
  if (entry.kind === 'unusable') return undefined;
  if (entry.kind === 'file') return toFile(entry);
  return { kind: 'folder', name: toLocalName(entry.name), wire: entry.name };
}

async function* fetchTree(
  client: JottacloudClient,
  link: Link,
  path: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<TreeEntry, void> {
  // Streamed paths begin at the mountpoint (PROTOCOL.md §2.8), the listed folder's own at the device.
  const above = path.length - 1;
  const entries = client.liststream(path, signal)[Symbol.asyncIterator]();
  for (;;) {
    const next = await link.watch(
      entries.next().catch((error: unknown) => {
        throw toRemoteError(error);
      }),
    );
    if (next.done === true) return;
    const wire = next.value.path.slice(above);
    const names = wire.map(toLocalName);
    const { value } = next;
    if (value.kind === 'folder') {
      yield { kind: 'folder', wire, folder: names };
      continue;
    }
    const [folder, name] = [names.slice(0, -1), names.at(-1) ?? ''];
    if (value.kind === 'unusable') yield { kind: 'unusable', wire, folder, name };
    else yield { kind: 'file', wire, folder, name, md5: value.md5 };
  }
}

function toFile(file: JottaFile): RemoteFile {
  return {
    kind: 'file',
    name: toLocalName(file.name),
    wire: file.name,
    md5: file.md5.toLowerCase(),
    size: file.size,
    mtime: file.modified,
    created: file.created,
    revision: file.revision,
    uuid: file.uuid ?? null,
    unfinished: file.unfinished ?? false,
  };
}

async function* watchChunks(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
  try {
    yield* chunks;
  } catch (error) {
    throw toRemoteError(error);
  }
}
