import { createHash } from 'node:crypto';
import { Recent } from '../../base/recent.ts';
import { nfsLimits } from './limits.ts';

/**
 * Answers to calls that must not run twice. A client that hears nothing in time, or loses its connection, sends the same
 * call again: with the same number and the same bytes, so it gets the answer of the first. A call that still runs is
 * waited for.
 */
export class DuplicateCalls {
  readonly #answers = new Recent<string, { readonly parts: Promise<Buffer[]>; readonly at: number }>(
    nfsLimits.duplicateAnswers,
  );

  answer(record: Buffer, run: () => Promise<Buffer[]>): Promise<Buffer[]> {
    const key = createHash('sha256').update(record).digest('latin1');
    const known = this.#answers.get(key);
    if (known !== undefined && performance.now() - known.at < nfsLimits.duplicateMs) return known.parts;
    const answer = { parts: run(), at: performance.now() };
    this.#answers.set(key, answer);
    const forget = () => {
      if (this.#answers.get(key) === answer) this.#answers.delete(key);
    };
    answer.parts.then((parts) => {
      if (parts.reduce((sum, part) => sum + part.length, 0) > nfsLimits.duplicateBytes) forget();
    }, forget);
    return answer.parts;
  }
}
