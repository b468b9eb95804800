import { asNewName } from '../doubtfulNames.ts';
import { isJottaError, isRefusal, JottaError } from '../errors.ts';
import { type Found, isTaken, look } from '../listing/listings.ts';
import { parseFile, parseRevisions } from '../listing/parseFile.ts';
import type { Service } from '../service.ts';
import type { FileStamp, JottaPath, StreamedItem } from '../types.ts';
import { getAsideName } from './tempNames.ts';

export interface Move {
  readonly kind: 'file' | 'folder';
  readonly from: JottaPath;
  readonly to: JottaPath;
}

/** What was at the source before anything was sent; by it the moved thing is known again in the trash. */
export interface Cargo {
  readonly file?: FileStamp | undefined;
  /** Only where a folder goes to a name that is in the trash. */
  readonly tree?: readonly StreamedItem[] | undefined;
}

/**
 * What the two ends of a move look like.
 * `todo`: only the source is there. `halfway`: a rename by case waits under its aside name. `trashed`: the source is gone
 * and the very thing is in the trash at the destination. `copied`: both are there and hold the same, as after the first step of
 * a move by content. `taken`: both are there. `gone`: neither is.
 */
export type Ends = 'todo' | 'halfway' | 'trashed' | 'done' | 'copied' | 'taken' | 'gone';

export interface Look {
  readonly ends: Ends;
  /** Newest complete content of a source that is a file. */
  readonly file: FileStamp | undefined;
  /** The destination's name is in the trash. */
  readonly tombstone: boolean;
}

/**
 * `cargo` as known from an earlier look; without it nothing in the trash is recognised. What the server refuses to show is
 * JottaError 'protocol', retryable: an earlier try may have been done.
 */
export async function lookAtEnds(service: Service, move: Move, cargo: Cargo, signal: AbortSignal): Promise<Look> {
  return unrefused('the ends of a move cannot be looked at', () => compareEnds(service, move, cargo, signal));
}

/**
 * Runs `work`, a refusal of which is no refusal of the move: that becomes JottaError 'protocol', retryable. One that is about a
 * name would have met an earlier try as well.
 */
export async function unrefused<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const isAboutName = isJottaError(error, 'invalidName') || isJottaError(error, 'unreachableName');
    if (!isRefusal(error) || isAboutName) throw error;
    throw new JottaError('protocol', what, { retryable: true, cause: error });
  }
}

async function compareEnds(service: Service, move: Move, cargo: Cargo, signal: AbortSignal): Promise<Look> {
  const { kind, from, to } = move;
  if (isSameItem(move)) return { ends: await lookAtCase(service, move, signal), file: undefined, tombstone: false };
  const lookAtTarget = () => asNewName(service, to.at(-1) ?? '', () => look(service, to, signal));
  const [source, target] = await Promise.all([look(service, from, signal), lookAtTarget()]);
  const tombstone = target.kind === 'none' && target.tombstone !== undefined;
  if (source.kind === kind) {
    const ends = !isTaken(target) ? 'todo' : isCopy(service, source, target) ? 'copied' : 'taken';
    return { ends, file: contentOf(service, source), tombstone };
  }
  if (target.kind === kind) return { ends: 'done', file: undefined, tombstone };
  return { ends: isCargo(service, target, cargo) ? 'trashed' : 'gone', file: undefined, tombstone };
}

/** Only the case changes: both paths find the one item, and its stored spelling tells (PROTOCOL.md §5). */
export function isSameItem({ from, to }: Move): boolean {
  return from.join('/').toLowerCase() === to.join('/').toLowerCase();
}

export function asidePath(to: JottaPath): JottaPath {
  return [...to.slice(0, -1), getAsideName(to.at(-1) ?? '')];
}

async function lookAtCase(service: Service, { kind, to }: Move, signal: AbortSignal): Promise<Ends> {
  const target = await look(service, to, signal);
  if (target.kind === kind) return target.name === to.at(-1) ? 'done' : 'todo';
  if (target.kind !== 'none') return 'gone';
  const aside = await look(service, asidePath(to), signal);
  return aside.kind === kind ? 'halfway' : 'gone';
}

function contentOf(service: Service, source: Found): FileStamp | undefined {
  return source.kind === 'file' ? parseRevisions(source.root, service.http.log)[0] : undefined;
}

/** Two files, not one that the server finds by both names. */
function isCopy({ http }: Service, source: Found, target: Found): boolean {
  if (source.kind !== 'file' || target.kind !== 'file') return false;
  const [from, to] = [source, target].map(({ root }) => parseFile(root, http.log));
  if (from === undefined || to === undefined || from.uuid === undefined || to.uuid === undefined) return false;
  return from.uuid !== to.uuid && from.md5 === to.md5 && from.size === to.size;
}

function isCargo(service: Service, target: Found, { file, tree }: Cargo): boolean {
  if (target.kind !== 'none' || target.tombstone === undefined) return false;
  if (target.tombstone.name !== 'file') return tree !== undefined;
  const [newest] = parseRevisions(target.tombstone, service.http.log);
  return file !== undefined && newest?.md5 === file.md5 && newest.size === file.size;
}
