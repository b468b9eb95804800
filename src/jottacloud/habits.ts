import { Flights } from '../base/flights.ts';
import type { Log } from '../base/log.ts';

/**
 * What the client would like to rely on though only some clients, or none, have proved that the service does it; for each of
 * them there is another way. `range`: a part of the newest revision. `pinnedRange`: a part of a revision by its number.
 * `rejectConflicts`: an allocate that refuses to become the next revision of somebody else's file. `recursiveListings`: a whole
 * tree in one listing. `timesByContent`: a command that sets times. `percent…`, `backslash…`, `semicolonInNames`: requests about
 * names that hold one.
 */
export type Habit =
  | 'range'
  | 'pinnedRange'
  | 'rejectConflicts'
  | 'recursiveListings'
  | 'timesByContent'
  | 'percentInNames'
  | 'backslashInNames'
  | 'semicolonInNames';

/** What the service was seen to do and not to do, for as long as the client lives; what it does not do is logged once. */
export class Habits {
  /** Requests under way that only ask what the service does: one for all that wait for its answer. */
  readonly questions = new Flights<Habit, void>();
  readonly #log: Log;
  readonly #seen = new Map<Habit, boolean>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** The service was seen to do so. */
  has(habit: Habit): boolean {
    return this.#seen.get(habit) === true;
  }

  /** The service was seen not to do so: the other way is taken at once. */
  lacks(habit: Habit): boolean {
    return this.#seen.get(habit) === false;
  }

  note(habit: Habit, does: boolean): void {
    if (!does && !this.lacks(habit)) this.#log.warn('the service does not do what was hoped for', { habit });
    this.#seen.set(habit, does);
  }

  get lacking(): Habit[] {
    return [...this.#seen].filter(([, does]) => !does).map(([habit]) => habit);
  }
}
