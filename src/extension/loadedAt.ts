/** ms on the monotonic clock when the bundle began to run; imported first, so that loading counts as activation. */
export const loadedAt = performance.now();
