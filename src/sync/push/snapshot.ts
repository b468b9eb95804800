import { fsErrorCode } from '../../base/errno.ts';
import type { ContentRef } from '../../content/blocks.ts';
import type { Checksummer } from '../../content/checksummer.ts';
import type { ContentReader } from '../../content/contentReader.ts';
import { newReadahead } from '../../content/readahead.ts';
import type { Room } from '../../content/room.ts';
import type { StagingFile } from '../../content/stagingFile.ts';
import type { StagingStore } from '../../content/stagingStore.ts';
import type { NodeRow } from '../../store/nodeRow.ts';
import type { Nodes } from '../../store/nodes.ts';
import type { Activity } from '../tree/activity.ts';
import { isRemoteError, RemoteError } from '../tree/remote.ts';
import type { Sendable } from './send.ts';

export interface SnapshotDeps {
  readonly nodes: Nodes;
  readonly activity: Activity;
  readonly staging: StagingStore;
  readonly reader: ContentReader;
  readonly room: Room;
  readonly checksummer: Checksummer;
}

/** The bytes to send, fixed: if the file is written to meanwhile, the upload is repeated. */
export interface Snapshot extends Sendable {
  /** The file that the cache may take over, with the checksums of its blocks. */
  readonly staged: { readonly file: StagingFile; readonly blockSums: Uint8Array } | undefined;
}

/** RemoteError `vanished` when somebody has deleted the staging file. */
export async function openStaging({ staging, reader }: SnapshotDeps, id: string): Promise<StagingFile> {
  try {
    return await staging.open(id, reader);
  } catch (error) {
    if (fsErrorCode(error) !== 'ENOENT') throw error;
    throw new RemoteError('vanished', 'the staging file was deleted', { cause: error });
  }
}

/** undefined when what the file is based on is at no path of the server any more. */
export async function tryTakeSnapshot(
  deps: SnapshotDeps,
  row: NodeRow,
  file: StagingFile | undefined,
  signal: AbortSignal,
): Promise<Snapshot | undefined> {
  // What shows of it may be here: nobody can compare it any more, and the change would never be sent.
  for (const compares of [true, false]) {
    try {
      return await takeSnapshot(deps, row, file, signal, compares);
    } catch (error) {
      if (!isRemoteError(error, 'vanished')) throw error;
    }
  }
  return undefined;
}

/**
 * Content that is at no path any more. The server may still know it, as it does what is in the trash: pushed by its md5
 * alone it becomes a revision of the file that rests on it, and can be read there.
 */
export function describeUnreachable({ md5, size }: ContentRef, row: NodeRow): Snapshot {
  return {
    md5,
    size,
    mtime: row.mtime.sec,
    staged: undefined,
    stillSame: () => true,
    chunks: () => {
      throw new RemoteError('vanished', 'what the file is based on is nowhere on the server any more');
    },
  };
}

export async function takeSnapshot(
  deps: SnapshotDeps,
  row: NodeRow,
  file: StagingFile | undefined,
  signal: AbortSignal,
  compares = true,
): Promise<Snapshot> {
  if (file === undefined) {
    if (row.md5 === null) throw new Error(`node ${row.ino} has no content`);
    const content = { md5: row.md5, size: row.size };
    return {
      ...content,
      mtime: row.mtime.sec,
      staged: undefined,
      stillSame: () => deps.nodes.get(row.ino)?.md5 === content.md5,
      chunks: (start) => readChunks(deps.reader, content, start),
    };
  }
  await file.fill(deps.room.ensure, signal, compares);
  const generation = file.generation;
  await file.sync();
  const { md5, blockSums } = await file.digest(deps.checksummer, signal);
  // What is written and not flushed was not promised yet: its writer goes on in this very file.
  const isFlushed = () => !file.dirty && !deps.activity.isUnflushed(row.ino);
  const stillSame = () =>
    file.generation === generation && isFlushed() && deps.nodes.get(row.ino)?.staging === row.staging;
  if (!stillSame()) throw new RemoteError('cancelled', 'written to while being read');
  const content = { md5, size: file.size, mtime: row.mtime.sec };
  return { ...content, staged: { file, blockSums }, stillSame, chunks: (at) => file.chunks(at) };
}

async function* readChunks(reader: ContentReader, content: { md5: string; size: number }, start: number) {
  const ahead = newReadahead();
  const step = 1024 * 1024;
  for (let at = start; at < content.size; at += step) yield await reader.read(content, at, at + step, ahead);
}
