import { every } from '../../base/timers.ts';

/** Between two looks at the clock, ms. */
const lookMs = 5_000;
/** A look that is late by this much, ms, was slept through. */
const sleptMs = 15_000;

/**
 * Calls `onWake` with the time slept (ms) after the computer slept: a timer that comes far too late is the one sign that every system gives.
 * What that throws goes to `onError`. Answers the way to stop.
 */
export function watchForSleep(
  now: () => number,
  onWake: (sleptMs: number) => void,
  onError: (error: unknown) => void,
): () => void {
  let last = now();
  const look = () => {
    const late = now() - last - lookMs;
    last = now();
    if (late > sleptMs) onWake(late);
  };
  return every(lookMs, look, onError);
}
