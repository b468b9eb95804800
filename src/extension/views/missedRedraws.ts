/** So long after VS Code was told to draw a folder anew it has asked for the rows, ms; also in a busy window. */
const askedMs = 3_000;

/**
 * Tells when a folder was not drawn anew. VS Code may forget a row for good that it reads while it draws another one anew: of that
 * folder it hears nothing more then, until everything is drawn again.
 */
export class MissedRedraws {
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #onMissed: (folder: string) => void;

  constructor(onMissed: (folder: string) => void) {
    this.#onMissed = onMissed;
  }

  /** VS Code was told to draw it anew. */
  noteTold(folder: string): void {
    if (this.#timers.has(folder)) return;
    const timer = setTimeout(() => {
      this.#timers.delete(folder);
      this.#onMissed(folder);
    }, askedMs);
    this.#timers.set(folder, timer);
  }

  /** VS Code asks for its rows. */
  noteAsked(folder: string): void {
    clearTimeout(this.#timers.get(folder));
    this.#timers.delete(folder);
  }

  dispose(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }
}
