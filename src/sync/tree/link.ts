import type { Clock } from '../../base/clock.ts';
import { createEmitter, type Emitter } from '../../base/events.ts';
import { writebackLimits } from './limits.ts';
import { isRemoteError } from './remote.ts';

/** `offline`: requests fail for want of a network. `signedOut`: the account asks for a new sign-in. */
export type LinkHealth = 'ok' | 'offline' | 'signedOut';

/** What the last requests said about the way to the server; one value drives pushes, polls and the status bar. */
export class Link {
  readonly changed: Emitter<LinkHealth>;
  readonly #clock: Clock;
  readonly #graceMs: number;
  #health: LinkHealth = 'ok';
  #changedAt = 0;
  #signIns = 0;

  /** `graceMs`: for how long reads wait for a network that has just gone. */
  constructor(clock: Clock, graceMs: number, onError: (error: unknown) => void) {
    this.#clock = clock;
    this.#graceMs = graceMs;
    this.changed = createEmitter(onError);
  }

  get health(): LinkHealth {
    return this.#health;
  }

  /** Watches one request, begun now: its outcome sets the health; its result passes through. */
  async watch<T>(request: Promise<T>): Promise<T> {
    const signIns = this.#signIns;
    try {
      const result = await request;
      this.set('ok');
      return result;
    } catch (error) {
      if (isRemoteError(error, 'offline')) this.set('offline');
      else if (isRemoteError(error, 'signedOut')) {
        // A refusal of the tokens before says nothing about those of today.
        if (signIns === this.#signIns) this.set('signedOut');
      } else if (isRemoteError(error) && error.kind !== 'cancelled') this.set('ok');
      throw error;
    }
  }

  /**
   * After a failed try to read from the server: resolves after a pause when it failed because the network has just gone, and throws
   * the error when another try is not worth it. `since`: when the reading began, or last got on; ms since the epoch. Rejects with the
   * signal's reason.
   */
  async waitAfter(error: unknown, since: number, signal: AbortSignal): Promise<void> {
    const isAway = isRemoteError(error, 'offline') && !error.needsPerson;
    const goneAt = this.#health === 'offline' ? Math.min(this.#changedAt, since) : since;
    if (!isAway || this.#clock.now() - goneAt >= this.#graceMs) throw error;
    await this.#clock.sleep(writebackLimits.networkPauseMs, signal);
  }

  /** The account has been signed in to anew. */
  renew(): void {
    this.#signIns += 1;
    this.set('ok');
  }

  set(health: LinkHealth): void {
    if (health === this.#health) return;
    // A request that was under way when the sign-in ended says nothing about the account.
    if (this.#health === 'signedOut' && health === 'offline') return;
    this.#health = health;
    this.#changedAt = this.#clock.now();
    this.changed.emit(health);
  }
}
