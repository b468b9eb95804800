/** So long after VS Code was told to draw a folder anew it has asked for the rows, ms; also in a busy window. */
const askedMs = 3_000;

/**
 * Tells when a folder was not drawn anew. VS Code may forget a row for good that it reads while it draws another one anew: of that
 * folder it hears nothing more then, until everything is drawn again. So it may with what it reads while everything is.
 */
export class MissedRedraws {
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #reads = new Set<{ readonly folder: string }>();
  readonly #onMissed: (folder: string) => void;

  constructor(onMissed: (folder: string) => void) {
    this.#onMissed = onMissed;
  }

  /** VS Code was told to draw it anew. It matters where the rows in `shownIn` are on the screen. */
  noteTold(folder: string, shownIn = folder): void {
    if (this.#timers.has(folder)) return;
    const timer = setTimeout(() => {
      this.#timers.delete(folder);
      this.#onMissed(shownIn);
    }, askedMs);
    this.#timers.set(folder, timer);
  }

  /** VS Code was told to draw all of `root` anew: it gives up the rows that it waits for, and asks for those on the screen again. */
  noteAllTold(root: string): void {
    for (const { folder } of this.#reads) this.noteTold(folder, root);
    this.#reads.clear();
  }

  /** VS Code asks for its rows, and waits for them. */
  async noteAsked<T>(folder: string, read: () => Promise<T>): Promise<T> {
    clearTimeout(this.#timers.get(folder));
    this.#timers.delete(folder);
    const waiting = { folder };
    this.#reads.add(waiting);
    try {
      return await read();
    } finally {
      this.#reads.delete(waiting);
    }
  }

  dispose(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }
}
