/**
 * Calls `work` every `ms` until the answered function is called. What it throws or rejects with goes to `onError`: a timer
 * has no caller, and an error that nobody catches ends the process.
 */
export function every(ms: number, work: () => unknown, onError: (error: unknown) => void): () => void {
  const timer = setInterval(() => {
    new Promise((resolve) => resolve(work())).catch(onError);
  }, ms);
  return () => clearInterval(timer);
}
