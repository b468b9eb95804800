import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { nfsLimits } from './limits.ts';

/**
 * Answers to calls that must not run twice. A client that hears nothing in time, or loses its connection, sends the same
 * call again: with the same number and the same bytes, so it gets the answer of the first. A call that still runs is
 * waited for.
 */
export class DuplicateCalls {
  readonly #answers = new LRUCache<string, Promise<Buffer[]>>({
    max: nfsLimits.duplicateAnswers,
    ttl: nfsLimits.duplicateMs,
  });

  answer(record: Buffer, run: () => Promise<Buffer[]>): Promise<Buffer[]> {
    const key = createHash('sha256').update(record).digest('latin1');
    const known = this.#answers.get(key);
    if (known !== undefined) return known;
    const answer = run();
    this.#answers.set(key, answer);
    const forget = () => {
      if (this.#answers.peek(key) === answer) this.#answers.delete(key);
    };
    answer.then((parts) => {
      if (parts.reduce((sum, part) => sum + part.length, 0) > nfsLimits.duplicateBytes) forget();
    }, forget);
    return answer;
  }
}
