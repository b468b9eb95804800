import { setTimeout as delay } from 'node:timers/promises';

/** Between two looks, ms. */
const restMs = 25;

/** Waits until `ask` answers something truthy, and resolves with it; rejects with `what` after `ms`. For what changes by itself. */
export async function until<T>(
  what: string,
  ask: () => Promise<T> | T,
  ms = 30_000,
): Promise<Exclude<NonNullable<T>, false>> {
  const end = performance.now() + ms;
  for (;;) {
    const answer = await ask();
    if (answer) return answer as Exclude<NonNullable<T>, false>;
    if (performance.now() > end) throw new Error(`waited ${ms / 1000} s until ${what}`);
    await delay(restMs);
  }
}
