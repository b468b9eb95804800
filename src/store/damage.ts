import { existsSync, rmSync, writeFileSync } from 'node:fs';
import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** SQLite's result codes for a file that is broken, or no database at all; the upper bits say where. */
const corrupt = 11;
const notADatabase = 26;
const genericError = 1;

export function isDamage(error: unknown): boolean {
  return [corrupt, notADatabase].includes(getResultCode(error) ?? 0);
}

/** Damage that is met before the tables are used: an unknown format, tables that are there before they are made. */
export function isDamageAtOpen(error: unknown): boolean {
  return isDamage(error) || getResultCode(error) === genericError;
}

function getResultCode(error: unknown): number | undefined {
  const { errcode } = error as { errcode?: unknown };
  return typeof errcode === 'number' ? errcode & 0xff : undefined;
}

/** What is wrong with the database, undefined when nothing is. Quick, but thorough when damage was met while it was used. */
export function findDamage(db: DatabaseSync, file: string): string | undefined {
  const check = existsSync(markOf(file)) ? 'integrity_check' : 'quick_check';
  const found = db.prepare(`PRAGMA ${check}(1)`).get() as Record<string, string>;
  return found[check] === 'ok' ? undefined : found[check];
}

/** The database of `file` was found whole, or was made anew. */
export function clearMark(file: string): void {
  rmSync(markOf(file), { force: true });
}

/** Tells of the first statement of `db` that meets damage, and marks `file` for the next start. */
export function watchDamage(db: DatabaseSync, file: string, onDamage: (error: unknown) => void): void {
  let told = false;
  const note = (error: unknown) => {
    if (told || !isDamage(error)) return;
    told = true;
    writeFileSync(markOf(file), '');
    onDamage(error);
  };
  const prepare = db.prepare.bind(db);
  db.prepare = (query) => {
    try {
      return watchStatement(prepare(query), note);
    } catch (error) {
      note(error);
      throw error;
    }
  };
}

function watchStatement(statement: StatementSync, note: (error: unknown) => void): StatementSync {
  for (const way of ['get', 'all', 'run'] as const) {
    const run = statement[way].bind(statement) as (...given: unknown[]) => never;
    statement[way] = (...given: unknown[]) => {
      try {
        return run(...given);
      } catch (error) {
        note(error);
        throw error;
      }
    };
  }
  return statement;
}

function markOf(file: string): string {
  return `${file}.damaged`;
}
