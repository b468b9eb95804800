import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Ino } from './nodeRow.ts';

/** Where a content was on the server: path as the wire spells it, device first; `revision` null when it has to be looked for. */
export interface FormerPlace {
  readonly path: readonly string[];
  /** Node of the folder, which may be moved from here later. */
  readonly parent?: Ino;
}

/** Contents remembered whose upload's answer never came; a file that is rewritten more often meanwhile is rare. */
const mostSent = 32;

/** Follows the md5 of a content of which the last byte was sent. */
const wholeMark = ' whole';

/** What was begun to be sent for a node, and no outcome is known of. */
interface Sent {
  /** Whether the last byte of a content was sent, by md5, oldest first. */
  readonly contents: Map<string, boolean>;
  readonly revisionBefore: number | undefined;
}

/** Small facts by key, in the table `meta`. All calls are synchronous and local; group changes in `Nodes.transaction`. */
export class Facts {
  readonly #get: StatementSync;
  readonly #set: StatementSync;
  readonly #remove: StatementSync;
  readonly #listPlaces: StatementSync;

  constructor(db: DatabaseSync) {
    this.#get = db.prepare('SELECT value FROM meta WHERE key = ?');
    this.#set = db.prepare(
      'INSERT INTO meta(key, value) VALUES (?, ?) ON CONFLICT(key) DO UPDATE SET value = excluded.value',
    );
    this.#remove = db.prepare('DELETE FROM meta WHERE key = ?');
    this.#listPlaces = db.prepare(`SELECT substr(key, 6) AS md5 FROM meta WHERE key GLOB 'base.*'
      AND substr(key, 6) NOT IN (SELECT baseMd5 FROM staging WHERE baseMd5 IS NOT NULL)`);
  }

  get(key: string): string | undefined {
    return (this.#get.get(key) as { value: string } | undefined)?.value;
  }

  set(key: string, value: string): void {
    this.#set.run(key, value);
  }

  /** Remembers a content whose upload was begun for a node, until an outcome is known; over a crash too. */
  addSent(ino: Ino, md5: string): void {
    const sent = this.#loadSent(ino);
    const isWhole = sent.contents.get(md5) ?? false;
    sent.contents.delete(md5);
    sent.contents.set(md5, isWhole);
    this.#saveSent(ino, sent);
  }

  /** Whether the last byte of a content that was begun was sent too, while nobody knows what came of it. */
  isWhole(ino: Ino, md5: string): boolean {
    return this.#loadSent(ino).contents.get(md5) === true;
  }

  setWhole(ino: Ino, md5: string, isWhole: boolean): void {
    const sent = this.#loadSent(ino);
    if (!sent.contents.has(md5) || sent.contents.get(md5) === isWhole) return;
    sent.contents.set(md5, isWhole);
    this.#saveSent(ino, sent);
  }

  /**
   * Of a file under way that may be put over somebody else's: the number of the newest revision that its path had before, 0 for
   * none. Undefined when that need not be watched.
   */
  getRevisionBefore(ino: Ino): number | undefined {
    return this.#loadSent(ino).revisionBefore;
  }

  setRevisionBefore(ino: Ino, revision: number | undefined): void {
    const sent = this.#loadSent(ino);
    if (sent.revisionBefore !== revision) this.#saveSent(ino, { ...sent, revisionBefore: revision });
  }

  /** Uploads that were begun belong to a place on the server: they go with its synced side. */
  swapSent(a: Ino, b: Ino): void {
    const [ofA, ofB] = [this.#loadSent(a), this.#loadSent(b)];
    this.#saveSent(a, ofB);
    this.#saveSent(b, ofA);
  }

  clearSent(ino: Ino): void {
    this.#remove.run(`sent.${ino}`);
  }

  /** Oldest first. */
  getSent(ino: Ino): string[] {
    return [...this.#loadSent(ino).contents.keys()];
  }

  /** Is that content one of those? */
  wasSent(ino: Ino, md5: string): boolean {
    return this.getSent(ino).includes(md5);
  }

  #loadSent(ino: Ino): Sent {
    const text = this.get(`sent.${ino}`);
    const parsed = text === undefined ? undefined : tryParse(text);
    const all: unknown[] = Array.isArray(parsed) ? parsed : [];
    const contents = all.filter((each) => typeof each === 'string');
    return {
      contents: new Map(contents.map((each) => [each.replace(wholeMark, ''), each.endsWith(wholeMark)])),
      revisionBefore: all.find((each) => typeof each === 'number'),
    };
  }

  #saveSent(ino: Ino, { contents, revisionBefore }: Sent): void {
    const all = [...contents].map(([md5, isWhole]) => md5 + (isWhole ? wholeMark : ''));
    if (all.length === 0) this.clearSent(ino);
    else
      this.set(
        `sent.${ino}`,
        JSON.stringify([...all.slice(-mostSent), ...(revisionBefore === undefined ? [] : [revisionBefore])]),
      );
  }

  /** Remembers where a superseded content can still be had: the base of an edit that was set aside. */
  setFormerPlace(md5: string, place: FormerPlace): void {
    this.set(`base.${md5}`, JSON.stringify(place));
  }

  getFormerPlace(md5: string): FormerPlace | undefined {
    const text = this.get(`base.${md5}`);
    const parsed = text === undefined ? undefined : (tryParse(text) as Partial<FormerPlace> | undefined);
    return Array.isArray(parsed?.path) ? (parsed as FormerPlace) : undefined;
  }

  clearFormerPlace(md5: string): void {
    this.#remove.run(`base.${md5}`);
  }

  /** Contents with a former place on which no unsent edit rests. */
  listFormerContents(): string[] {
    return this.#listPlaces.all().map(({ md5 }) => String(md5));
  }
}

/** A text that is no JSON counts as absent: each of these facts only spares a request or a question. */
function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
