import { createEmitter, type Emitter } from '../../base/events.ts';
import { isRemoteError } from './remote.ts';

/** `offline`: requests fail for want of a network. `signedOut`: the account asks for a new sign-in. */
export type LinkHealth = 'ok' | 'offline' | 'signedOut';

/** What the last requests said about the way to the server; one value drives pushes, polls and the status bar. */
export class Link {
  readonly changed: Emitter<LinkHealth>;
  #health: LinkHealth = 'ok';

  constructor(onError: (error: unknown) => void) {
    this.changed = createEmitter(onError);
  }

  get health(): LinkHealth {
    return this.#health;
  }

  /** Watches one request: its outcome sets the health; its result passes through. */
  async watch<T>(request: Promise<T>): Promise<T> {
    try {
      const result = await request;
      this.set('ok');
      return result;
    } catch (error) {
      if (isRemoteError(error, 'offline')) this.set('offline');
      else if (isRemoteError(error, 'signedOut')) this.set('signedOut');
      else if (isRemoteError(error) && error.kind !== 'cancelled') this.set('ok');
      throw error;
    }
  }

  set(health: LinkHealth): void {
    if (health === this.#health) return;
    // A request that was under way when the sign-in ended says nothing about the account.
    if (this.#health === 'signedOut' && health === 'offline') return;
    this.#health = health;
    this.changed.emit(health);
  }
}
