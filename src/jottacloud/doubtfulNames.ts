import { isJottaError, JottaError } from './errors.ts';
import type { Habit, Habits } from './habits.ts';
import { doubtfulCharacters, encodeName, isOrdinaryName, withLookalikes } from './names.ts';
import type { Reads } from './reads.ts';
import type { JottaPath } from './types.ts';

/** What was learned of the service so far. */
interface Learned {
  readonly habits: Habits;
  readonly reads: Reads;
}

const habitOf: Readonly<Record<string, Habit>> = {
  '%': 'percentInNames',
  '\\': 'backslashInNames',
  ';': 'semicolonInNames',
};

function doubtfulIn(names: readonly string[]): string[] {
  return [...doubtfulCharacters].filter((character) => names.some((name) => name.includes(character)));
}

function noteCharacter(habits: Habits, character: string, does: boolean): void {
  const habit = habitOf[character];
  if (habit !== undefined) habits.note(habit, does);
}

/** A request about these names was understood, whatever it found. */
export function noteReached({ habits, reads }: Learned, path: JottaPath): void {
  reads.unreachable.delete(path.join('/'));
  for (const character of doubtfulIn(path)) {
    const habit = habitOf[character];
    // A character that new names are spelled without may still be reached in old names.
    if (habit !== undefined && !habits.lacks(habit)) habits.note(habit, true);
  }
}

/** A request about what is at that path was refused for a name in it. */
export function noteUnreachable({ habits, reads }: Learned, path: JottaPath): void {
  reads.unreachable.set(path.join('/'), true);
  const suspects = doubtfulIn(path).filter((character) => !habits.has(habitOf[character] as Habit));
  // Of several characters nobody knows which one was refused.
  if (suspects.length === 1) noteCharacter(habits, suspects[0] as string, false);
}

/** True of a new name that the service may take without anybody being able to ask for it then: it is to be looked at first. */
export function isUnproven({ habits }: Learned, name: string): boolean {
  return doubtfulIn([name]).some((character) => !habits.has(habitOf[character] as Habit));
}

/** Runs what is about a new name: if that may be why it is refused, it is JottaError 'invalidName', and remembered. */
export async function asNewName<T>({ habits }: Learned, name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const isRefused =
      isJottaError(error, 'unreachableName') || (isJottaError(error, 'protocol') && error.status === 400);
    // The refusal of an ordinary name is about a folder above it, or about no name.
    if (!isRefused || isOrdinaryName(name)) throw error;
    for (const character of doubtfulIn([name])) noteCharacter(habits, character, false);
    throw new JottaError('invalidName', error.message, { cause: error, status: error.status });
  }
}

/** The wire spelling of a new local name: with look-alikes for what the service turned out to refuse, too. */
export function spellNewName(habits: Habits, local: string): string {
  const refused = [...doubtfulCharacters].filter((character) => habits.lacks(habitOf[character] as Habit));
  return withLookalikes(encodeName(local), refused);
}
