import { setTimeout as delay } from 'node:timers/promises';
import { createRandom, type Random } from '../../chaos/random.ts';
import type { FaultAction } from '../../emulator/faultActions.ts';
import type { RequestKind } from '../../emulator/stats.ts';
import type { SessionWorld } from '../../support/sessionWorld.ts';

/** Few, so that each is taken while something is still under way for it. */
const names = ['report.txt', 'a.b', 'c'];
const struck: readonly RequestKind[] = ['allocate', 'upload', 'list', 'file', 'mv', 'dl'];
/** Time of a request and its answer, here. ms. */
const requestMs = 12;

/**
 * Saves, safe-saves, renames and removals of a few files in one folder, by this computer alone, while the server fails and the
 * folder is listed: `expected` is what must come of them. `seed` repeats every decision, not the moments.
 */
export class RandomSaves {
  /** What was done, in order. */
  readonly trace: string[] = [];
  /** Text by name. */
  readonly expected = new Map<string, string>();
  readonly #world: SessionWorld;
  readonly #top: string;
  readonly #random: Random;
  readonly #steps: readonly (readonly [weight: number, step: () => Promise<void> | void])[];
  #listings: Promise<void>[] = [];
  #texts = 0;

  constructor(world: SessionWorld, top: string, seed: string) {
    this.#world = world;
    this.#top = top;
    this.#random = createRandom(seed);
    const { pick, int } = this.#random;
    this.#steps = [
      [12, () => this.#save(pick(names))],
      [8, () => this.#saveSafely(pick(names))],
      [7, () => this.#rename(pick(names), pick(names))],
      [3, () => this.#remove(pick(names))],
      [14, () => delay(int(0, requestMs))],
      [6, () => this.#list()],
      [6, () => this.#strike()],
      [1, () => this.#restart()],
      [3, () => this.#world.session().pusher.retryNow()],
    ];
  }

  async step(): Promise<void> {
    await this.#random.weighted(this.#steps)();
  }

  /** The server is well again, and no listing is under way. */
  async end(): Promise<void> {
    this.#world.emulator.setFaults([]);
    await Promise.all(this.#listings);
  }

  async #save(name: string): Promise<void> {
    const { chance, pick } = this.#random;
    this.#texts += 1;
    const text = chance(0.35) ? '' : `text ${this.#texts}${'.'.repeat(pick([0, 1_000]))}`;
    this.trace.push(`save ${name} ${text === '' ? 'as nothing' : text.slice(0, 10)}`);
    await this.#world.save(`${this.#top}/${name}`, text);
    this.expected.set(name, text);
  }

  /** As editors do: beside it, then over it. */
  async #saveSafely(name: string): Promise<void> {
    const beside = `${name}.${this.#texts}`;
    await this.#save(beside);
    await this.#rename(beside, name);
  }

  async #rename(from: string, to: string): Promise<void> {
    const text = this.expected.get(from);
    if (text === undefined || from === to) return;
    this.trace.push(`mv ${from} ${to}`);
    await this.#world.rename(`${this.#top}/${from}`, `${this.#top}/${to}`);
    this.expected.delete(from);
    this.expected.set(to, text);
  }

  async #remove(name: string): Promise<void> {
    if (!this.expected.delete(name)) return;
    this.trace.push(`rm ${name}`);
    await this.#world.unlink(`${this.#top}/${name}`);
  }

  /** Nobody waits for it, and it may fail. */
  async #list(): Promise<void> {
    const folder = await this.#world.find(this.#top);
    this.trace.push('list');
    this.#listings.push(
      this.#world
        .session()
        .folders.refresh(folder)
        .catch(() => undefined),
    );
  }

  #strike(): void {
    const { pick, int } = this.#random;
    const actions: readonly FaultAction[] = [
      { type: 'duplicate', answer: 'reset' },
      { type: 'duplicate', answer: 500 },
      { type: 'repeat' },
      { type: 'reset' },
      { type: 'status', status: 500 },
      { type: 'delay', ms: int(1, 3 * requestMs) },
    ];
    const rules = Array.from({ length: int(0, 4) }, () => ({
      match: { kind: pick(struck) },
      nth: int(1, 3),
      times: int(1, 4),
      action: pick(actions),
    }));
    this.#world.emulator.setFaults(rules);
    this.trace.push(`faults ${JSON.stringify(rules)}`);
  }

  async #restart(): Promise<void> {
    this.trace.push('restart');
    await Promise.all(this.#listings);
    this.#listings = [];
    await this.#world.restart();
    await this.#world.session().vfs.readdir(await this.#world.find(this.#top));
  }
}
