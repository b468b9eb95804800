import { createEmitter, type Emitter } from '../../base/events.ts';
import type { ContentRef } from '../../content/blocks.ts';
import type { ContentSource } from '../../content/downloads.ts';

/** How often the reads under way are looked at, ms. */
const stepMs = 500;
/** Reading that is over by then is none to tell of. */
const looksBeforeTold = 2;

/** A content that programs are waiting for. */
export interface Read {
  readonly md5: string;
  /** Bytes that came since it was first told of. */
  readonly done: number;
  /** Bytes of all of it. */
  readonly size: number;
}

interface Followed {
  readonly size: number;
  done: number;
  /** Requests under way. */
  open: number;
  /** Something came, or was asked for, since the last look. */
  moved: boolean;
}

/** What is downloaded because programs read it: nobody asked for these transfers, yet they take the line. */
export class Reads {
  readonly changed: Emitter<void>;
  readonly #followed = new Map<string, Followed>();
  #timer: NodeJS.Timeout | undefined;
  #looks = 0;

  constructor(onError: (error: unknown) => void) {
    this.changed = createEmitter(onError);
  }

  /** The given source, with its downloads counted here. */
  follow(source: ContentSource): ContentSource {
    return {
      ...source,
      openRange: async (content, start, end, signal) => {
        const followed = this.#open(content);
        try {
          return count(await source.openRange(content, start, end, signal), followed);
        } catch (error) {
          followed.open -= 1;
          throw error;
        }
      },
    };
  }

  /** The longest under way first; none before it has gone on for a while. */
  getRunning(): readonly Read[] {
    if (this.#looks < looksBeforeTold) return [];
    return [...this.#followed].map(([md5, { done, size }]) => ({ md5, done: Math.min(done, size), size }));
  }

  #open({ md5, size }: ContentRef): Followed {
    const followed = this.#followed.get(md5) ?? { size, done: 0, open: 0, moved: true };
    followed.open += 1;
    followed.moved = true;
    this.#followed.set(md5, followed);
    this.#timer ??= setInterval(() => this.#look(), stepMs).unref();
    return followed;
  }

  #look(): void {
    for (const [md5, followed] of this.#followed) {
      if (followed.open === 0 && !followed.moved) this.#followed.delete(md5);
      followed.moved = false;
    }
    const wasTold = this.#looks >= looksBeforeTold;
    this.#looks += 1;
    if (this.#followed.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
      this.#looks = 0;
    }
    if (wasTold || this.#looks >= looksBeforeTold) this.changed.emit();
  }
}

async function* count(chunks: AsyncIterable<Buffer>, followed: Followed): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of chunks) {
      followed.done += chunk.length;
      followed.moved = true;
      yield chunk;
    }
  } finally {
    followed.open -= 1;
  }
}
