import type { Ino } from '../../store/nodeRow.ts';
import { kernelLimits } from './limits.ts';

interface Look {
  readonly spelling: string;
  /** ms of `performance.now()`. */
  readonly at: number;
}

const most = 1_000;

/** The threads that were sent back to look a name up again (nodeIds.ts), until they have what they wanted. */
export class SecondLooks {
  readonly #looks = new Map<string, Look>();

  expect(pid: number, ino: Ino, spelling: string): void {
    if (this.#looks.size >= most) this.#looks.clear();
    this.#looks.set(`${pid}/${ino}`, { spelling, at: performance.now() });
  }

  /** Has this thread been sent back to look this node up by this name? */
  isExpected(pid: number, ino: Ino, spelling: string): boolean {
    if (this.#looks.size === 0) return false;
    const look = this.#looks.get(`${pid}/${ino}`);
    if (look === undefined || look.spelling !== spelling) return false;
    return performance.now() - look.at < kernelLimits.lookedAgainMs;
  }

  /** It has found the node. */
  end(pid: number, ino: Ino): void {
    if (this.#looks.size > 0) this.#looks.delete(`${pid}/${ino}`);
  }
}
