import { asNewName } from '../doubtfulNames.ts';
import { isJottaError, JottaError } from '../errors.ts';
import { liststream } from '../listing/liststream.ts';
import { isDeleted } from '../listing/parseFile.ts';
import { addressOf, postOnce, type Service } from '../service.ts';
import { withDeadline } from '../transport/deadline.ts';
import { backOff, mayRepeat } from '../transport/retry.ts';
import { otherAnswer, thingOf } from '../transport/roots.ts';
import type { JottaPath, StreamedItem } from '../types.ts';
import { checkPath, targetQuery } from '../urls.ts';
import { setFileTimes } from './commands.ts';
import { asidePath, type Cargo, isSameItem, type Look, lookAtEnds, type Move } from './moveEnds.ts';
import { giveUpSource, moveByContent, reviveTree } from './revive.ts';

/**
 * Moves or renames; missing parents of the destination are made (PROTOCOL.md §2.3). What the server does with a taken
 * destination is unknown, so it is looked at first: JottaError 'conflict' if it is taken, 'notFound' if there is no source of
 * that kind. A move that had already happened is a success: the source is gone and the destination is there.
 *
 * A 5xx, a 404 or a cut connection may hide a move that was done (PROTOCOL.md §2.3, rclone #4295): then both ends
 * are looked at, and the command is sent again only when it provably was not done. A failure to look after the command is
 * retryable: nobody knows what became of it.
 *
 * What ends in the trash with the name it was moved to is taken out again. A file refused because of the trash is moved
 * by its content; cut in the middle, the same call repeated finishes it, as it does where the destination has the same
 * content already. A folder is JottaError 'forbidden', because what the trash holds is never destroyed to make room.
 * A rename by case that the server refuses goes by way of an aside name (asideNames.ts); cut in the middle, the same call
 * repeated finishes it, and so does the next listing (detours.ts).
 */
export function moveFile(service: Service, from: JottaPath, to: JottaPath, signal: AbortSignal): Promise<void> {
  return moveItem(service, { kind: 'file', from, to }, signal);
}

export function moveFolder(service: Service, from: JottaPath, to: JottaPath, signal: AbortSignal): Promise<void> {
  return moveItem(service, { kind: 'folder', from, to }, signal);
}

export async function moveItem(service: Service, move: Move, caller: AbortSignal): Promise<void> {
  const { kind, from, to } = move;
  checkPath(from, 3);
  checkPath(to, 3);
  if (from.join('/') === to.join('/')) return;
  const first = await lookAtEnds(service, move, {}, caller);
  const cargo = await takeStock(service, move, first, caller);
  const outcome = await withDeadline(caller, service.http.limits.commandMs, (signal) =>
    carryOut(service, move, first, cargo, signal),
  );
  // A tree takes as long as it takes: each of its calls has a deadline of its own.
  if (outcome === 'copied') return giveUpSource(service, from, caller);
  if (outcome === 'trashed') return revive(service, move, cargo, caller);
  if (outcome === 'halfway') return moveItem(service, { kind, from: asidePath(to), to }, caller);
  if (outcome === 'detour') return detour(service, move, caller);
  if (outcome === 'taken') throw new JottaError('conflict', 'the destination of a move is taken');
  if (outcome === 'gone') throw new JottaError('notFound', `there is no such ${kind} to move`);
}

/** Where the destination is in the trash, the source may end there too; then only this knows what it was. */
async function takeStock(service: Service, { kind, from }: Move, look: Look, signal: AbortSignal): Promise<Cargo> {
  if (kind === 'file') return { file: look.file };
  if (look.ends !== 'todo' || !look.tombstone) return {};
  const tree = new Map<string, StreamedItem>();
  for await (const entry of liststream(service, from, signal)) {
    if (entry.kind === 'unusable')
      throw new JottaError('forbidden', 'what cannot be used in a folder would stay in the trash');
    tree.set(entry.path.join('/'), entry);
  }
  return { tree: [...tree.values()] };
}

type Outcome = Exclude<Look['ends'], 'todo'> | 'detour';

async function carryOut(
  service: Service,
  move: Move,
  first: Look,
  cargo: Cargo,
  signal: AbortSignal,
): Promise<Outcome> {
  let { ends } = first;
  for (let tried = 1; ends === 'todo'; tried += 1) {
    const sent = await send(service, move, signal);
    if (!(sent instanceof JottaError)) return sent;
    ends = await settle(service, move, cargo, sent, signal);
    if (ends !== 'todo') break;
    if (sent.kind === 'conflict') return await goAround(service, move, cargo, sent, signal);
    if (!mayRepeat(sent) || tried >= service.http.limits.tries) throw sent;
    await backOff(service.retry, tried, signal, sent);
  }
  return ends;
}

/** Sends the command once. Answers a failure that leaves the outcome open; throws one that does not. */
async function send(service: Service, move: Move, signal: AbortSignal): Promise<'done' | 'trashed' | JottaError> {
  const { kind, from, to } = move;
  // rclone ends the source of mvDir with a slash (§2.3); it is the form proven in use.
  const slash = kind === 'folder' ? '/' : '';
  const query = targetQuery(kind === 'folder' ? 'mvDir' : 'mv', service.tokens.username, to);
  try {
    const { url } = addressOf(service, from, `${slash}${query}`);
    const root = await asNewName(service, to.at(-1) ?? '', () =>
      postOnce(service, { url }, thingOf(service, to), signal),
    );
    if (isSameItem(move) && root.attributes.name !== to.at(-1)) return otherAnswer();
    return root.name === kind && isDeleted(root) ? 'trashed' : 'done';
  } catch (error) {
    const kinds = ['notFound', 'protocol', 'conflict'] as const;
    const open = isJottaError(error) && (mayRepeat(error) || kinds.some((one) => one === error.kind));
    if (!open || signal.aborted) throw error;
    return error;
  }
}

async function settle(
  service: Service,
  move: Move,
  cargo: Cargo,
  failure: JottaError,
  signal: AbortSignal,
): Promise<Look['ends']> {
  try {
    return (await lookAtEnds(service, move, cargo, signal)).ends;
  } catch (error) {
    service.http.log.warn('a move with unknown outcome could not be looked at', { error });
    if (mayRepeat(failure)) throw failure;
    // The move may have been done, so its failure does not count as a refusal.
    throw new JottaError('protocol', 'what became of a move is not known', { retryable: true, cause: failure });
  }
}

/** The server says the destination is taken, but nothing live is there. */
async function goAround(
  service: Service,
  move: Move,
  { file }: Cargo,
  failure: JottaError,
  signal: AbortSignal,
): Promise<Outcome> {
  if (isSameItem(move)) return 'detour';
  if (move.kind === 'folder') throw new JottaError('forbidden', 'the trash keeps that name', { cause: failure });
  if (file === undefined) throw failure;
  service.http.log.info('a file is moved by its content, because the trash or an unfinished upload has its new name');
  await moveByContent(service, move.from, move.to, file, signal);
  return 'done';
}

/** Copies onto a trashed name stay in the trash (§2.3, rclone #6112); so may what is moved there. */
async function revive(service: Service, { from, to }: Move, { file, tree }: Cargo, signal: AbortSignal): Promise<void> {
  service.http.log.info('what was moved is taken out of the trash');
  if (tree !== undefined) return reviveTree(service, from, to, tree, signal);
  if (file === undefined) throw new JottaError('protocol', 'what was moved is in the trash, its content unknown');
  await setFileTimes(service, to, file, signal);
}

/** A rename by case in two steps. When the second is refused for good, the first is undone. */
async function detour(service: Service, { kind, from, to }: Move, signal: AbortSignal): Promise<void> {
  const aside = asidePath(to);
  await moveItem(service, { kind, from, to: aside }, signal);
  try {
    await moveItem(service, { kind, from: aside, to }, signal);
  } catch (error) {
    // After a failure that may pass, the next try or a listing finishes the move.
    if (isJottaError(error) && !error.retryable && !signal.aborted) {
      await moveItem(service, { kind, from: aside, to: from }, signal).catch((failure) =>
        service.http.log.warn('a rename stopped halfway; the item keeps its aside name', { error: failure }),
      );
    }
    throw error;
  }
}
