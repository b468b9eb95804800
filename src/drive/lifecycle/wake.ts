/** Between two looks at the clock, ms. */
const lookMs = 5_000;
/** A look that is late by this much, ms, was slept through. */
const sleptMs = 15_000;

/**
 * Calls `onWake` with the time slept (ms) after the computer slept: a timer that comes far too late is the one sign that every system gives.
 * Answers the way to stop.
 */
export function watchWake(now: () => number, onWake: (sleptMs: number) => void): () => void {
  let last = now();
  const timer = setInterval(() => {
    const late = now() - last - lookMs;
    last = now();
    if (late > sleptMs) onWake(late);
  }, lookMs);
  timer.unref();
  return () => clearInterval(timer);
}
