/** ms on the monotonic clock when the bundle began to run: imported first, so that evaluating the rest can be timed. */
export const loadedAt = performance.now();
