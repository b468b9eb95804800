/**
 * ms this thread has worked so far, so that a busy computer does not count as ours; the monotonic clock where the runtime
 * does not tell (Node.js before 22.19 and 23.9).
 */
export function getWorkedMs(): number {
  const { threadCpuUsage } = process as { threadCpuUsage?: () => { user: number; system: number } };
  if (threadCpuUsage === undefined) return performance.now();
  const { user, system } = threadCpuUsage.call(process);
  return (user + system) / 1_000;
}

/** When the bundle began to run: imported first, so that evaluating the rest can be measured. */
export const loadedAt = getWorkedMs();
