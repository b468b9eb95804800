import { setTimeout as delay } from 'node:timers/promises';
import type { Emulator } from '../emulator/emulator.ts';
import type { FaultRule } from '../emulator/faults.ts';
import { add } from './counts.ts';
import { sampleFault } from './faultSamples.ts';
import { dateAnew, loseNewest } from './powerCut.ts';
import type { Random } from './random.ts';
import { editRemotely, type OtherDevice } from './remoteEdits.ts';
import type { Stage, Weather } from './stage.ts';
import { Violation } from './violation.ts';

export interface Havoc {
  readonly stage: Stage;
  readonly emulator: Emulator;
  readonly random: Random;
  readonly other: OtherDevice;
  /** Rounds in which answers may be wrong and nothing tells. */
  readonly mayLie: boolean;
}

/** Longest wait for the server to be through with a dead client. ms. */
const serverDoneMs = 5_000;

type Disturbance = (director: Director) => Promise<void>;

/** What may happen at any moment, and how often. */
export const disturbances: Record<string, { weight: number; work: Disturbance }> = {
  kill: { weight: 14, work: (director) => director.kill() },
  powerCut: { weight: 4, work: (director) => director.cutPower() },
  stop: { weight: 3, work: (director) => director.end() },
  eject: { weight: 1, work: (director) => director.eject(false) },
  lazyUnmount: { weight: 2, work: (director) => director.eject(true) },
  faults: { weight: 24, work: (director) => director.strike() },
  slowLine: { weight: 4, work: (director) => director.slowDown() },
  blackout: { weight: 4, work: (director) => director.blackOut() },
  expiry: { weight: 4, work: (director) => director.expire() },
  revocation: { weight: 1, work: (director) => director.revoke() },
  remoteEdit: { weight: 10, work: (director) => director.edit(false) },
  rclone: { weight: 3, work: (director) => director.edit(true) },
  fullDisk: { weight: 5, work: (director) => director.fillDisk() },
};

/** Causes one disturbance after the other; those that last go on side by side with the next. */
export class Director {
  readonly #havoc: Havoc;
  readonly #lasting = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  readonly #rules = new Map<symbol, readonly FaultRule[]>();
  #running: Promise<void> = Promise.resolve();

  constructor(havoc: Havoc) {
    this.#havoc = havoc;
  }

  /** Until `stop`; with `only`, nothing but these. Rejects when one of them fails. */
  run(only?: readonly string[]): Promise<void> {
    this.#running = this.#runAll(only);
    return this.#running;
  }

  async #runAll(only?: readonly string[]): Promise<void> {
    const { random, stage } = this.#havoc;
    const chosen = Object.entries(disturbances).filter(([name]) => only?.includes(name) ?? true);
    const all = chosen.map(([name, { weight, work }]) => [weight, { name, work }] as const);
    while (!this.#stop.signal.aborted) {
      await this.#pause(random.int(100, 1_200));
      if (this.#stop.signal.aborted) return;
      const { name, work } = random.weighted(all);
      stage.history.add(`-- ${name}`);
      add(stage.counts.disturbances, name);
      await work(this);
    }
  }

  /** Nothing new happens, what lasts ends; afterwards the weather is fine. Answers what it was like. */
  async stop(): Promise<Pick<Weather, 'corrupt' | 'powerCut'>> {
    this.#stop.abort();
    // A cut of the power brings back what has just been put right.
    await Promise.allSettled([this.#running]);
    await Promise.all(this.#lasting);
    const { emulator, stage } = this.#havoc;
    this.#apply();
    await emulator.outage(false);
    emulator.shape({ latency: 0, bandwidth: undefined });
    emulator.quota(null, false);
    await stage.disk.free();
    const { corrupt, powerCut } = stage.weather;
    Object.assign(stage.weather, { faults: false, corrupt: false, outage: false, powerCut: false });
    return { corrupt, powerCut };
  }

  async kill(): Promise<void> {
    const { stage, random } = this.#havoc;
    const at = performance.now();
    if ((await stage.drive.kill()).hung) stage.counts.hungDeaths += 1;
    stage.counts.kills += 1;
    stage.weather.killed = true;
    await this.#serverIsDone();
    if (random.chance(0.3)) await this.#pause(random.int(0, 600));
    await this.restart();
    dateAnew(stage.model, at);
  }

  async cutPower(): Promise<void> {
    const { stage } = this.#havoc;
    if (!stage.disk.canFill) return;
    const at = performance.now();
    if ((await stage.drive.cutPower(stage.disk)).hung) stage.counts.hungDeaths += 1;
    stage.counts.powerCuts += 1;
    Object.assign(stage.weather, { killed: true, powerCut: true });
    await this.#serverIsDone();
    // What was answered before has been heard by then.
    await stage.hands.call('stat', '/');
    loseNewest(stage.model, at);
    await this.restart();
  }

  async end(): Promise<void> {
    const { stage, random } = this.#havoc;
    await stage.drive.stop(random.pick(['SIGTERM', 'handOver', 'drain']));
    stage.counts.stops += 1;
    await this.restart();
  }

  /** Afterwards a window mounts again, or all ends. */
  async eject(force: boolean): Promise<void> {
    const { stage, random } = this.#havoc;
    if (!(await stage.drive.eject(force))) return;
    stage.counts.ejects += 1;
    if (random.chance(0.5)) return stage.drive.mountAgain();
    await stage.drive.stop('handOver');
    await this.restart();
  }

  /** Starts the drive; a sign-in that was revoked is renewed when the server can be reached. */
  async restart(): Promise<void> {
    const { stage, emulator, random } = this.#havoc;
    const settleMs = random.pick([0, 100, 400]);
    // It may get room between the refusal and the look at it.
    const wasFull = stage.disk.full;
    const again = stage.weather.signedOut && !stage.weather.outage;
    if (again && (await stage.drive.start({ loginToken: emulator.newLoginToken(), settleMs }))) {
      Object.assign(stage.weather, { signedOut: false, killed: false });
      return;
    }
    if (await stage.drive.start({ settleMs })) return;
    if (!wasFull && !stage.disk.full) throw new Violation(['the drive does not start', ...stage.drive.log.slice(-15)]);
    // Nothing can be written, not even a log of the database: then it may refuse to start.
    add(stage.counts.disturbances, 'startRefusedByFullDisk');
    await stage.disk.free();
    if (!(await stage.drive.start({ settleMs }))) {
      throw new Violation(['the drive does not start after the disk was full', ...stage.drive.log.slice(-15)]);
    }
  }

  async strike(): Promise<void> {
    const { random, mayLie, stage } = this.#havoc;
    const samples = Array.from({ length: random.int(2, 5) }, () => sampleFault(random, mayLie));
    const rules = samples.map(({ rule }) => rule);
    if (samples.some(({ lies }) => lies)) stage.model.contest('');
    if (rules.some(({ action }) => action.type === 'revoke')) stage.weather.signedOut = true;
    stage.history.add(`   ${JSON.stringify(rules)}`);
    this.#last(() => this.#whileFaulty(rules, random.int(1_000, 5_000)));
  }

  /** Every request is cut: the network is gone. */
  async blackOut(): Promise<void> {
    const { random, stage } = this.#havoc;
    stage.weather.outage = true;
    const rules: FaultRule[] = [{ match: {}, action: { type: 'reset' } }];
    this.#last(async () => {
      await this.#whileFaulty(rules, random.int(500, 5_000));
      stage.weather.outage = false;
    });
  }

  async slowDown(): Promise<void> {
    const { random, emulator } = this.#havoc;
    emulator.shape({ latency: random.int(5, 300), bandwidth: random.int(50_000, 2_000_000) });
    this.#last(async () => {
      await this.#pause(random.int(500, 4_000));
      emulator.shape({ latency: 0, bandwidth: undefined });
    });
  }

  async expire(): Promise<void> {
    // A client takes a new token that is refused from the start for refused for good (its limits, `refusedTokens`).
    this.#havoc.emulator.expire({ onlyUsed: true });
  }

  async revoke(): Promise<void> {
    const { emulator, stage } = this.#havoc;
    stage.weather.signedOut = true;
    emulator.revoke({ access: true });
  }

  async edit(byRclone: boolean): Promise<void> {
    const { stage, other, random } = this.#havoc;
    if (!byRclone) {
      const edits = random.int(1, 3);
      for (let done = 0; done < edits; done += 1) await editRemotely(other, false);
      stage.counts.remoteEdits += edits;
      return;
    }
    if (stage.weather.outage) return;
    // Faults are the drive's; rclone's own way of meeting them is not in question.
    this.#havoc.emulator.setFaults([]);
    await editRemotely(other, true);
    this.#apply();
    stage.counts.remoteEdits += 1;
    stage.counts.rcloneEdits += 1;
  }

  async fillDisk(): Promise<void> {
    const { stage, random } = this.#havoc;
    if (!stage.disk.canFill || stage.disk.full) return;
    await stage.disk.fill(random.pick([0, random.int(0, 100_000), random.int(100_000, 4_000_000)]));
    this.#last(async () => {
      await this.#pause(random.int(300, 3_000));
      await stage.disk.free();
    });
  }

  async #whileFaulty(rules: readonly FaultRule[], ms: number): Promise<void> {
    const key = Symbol();
    this.#rules.set(key, rules);
    this.#apply();
    await this.#pause(ms);
    this.#rules.delete(key);
    this.#apply();
  }

  /** Counts what the former plan hit and sets the one that holds now. */
  #apply(): void {
    const { emulator, stage } = this.#havoc;
    for (const { action, hits } of emulator.faults()) {
      const name = action.type === 'status' ? `status ${action.status}` : action.type;
      if (hits.length > 0) add(stage.counts.faults, name, hits.length);
    }
    const rules = [...this.#rules.values()].flat();
    emulator.setFaults(rules);
    stage.weather.faults ||= rules.length > 0;
    stage.weather.corrupt ||= rules.some(({ action }) => action.type === 'corrupt' || action.type === 'wrong-md5');
  }

  #last(work: () => Promise<void>): void {
    const running = work().finally(() => this.#lasting.delete(running));
    this.#lasting.add(running);
  }

  /**
   * What a dead drive had sent to the last byte, the server still carries out. When it does that only after the restart,
   * no client can know (there is no way to take an upload back): here it is over by then.
   */
  async #serverIsDone(): Promise<void> {
    const { emulator } = this.#havoc;
    const end = performance.now() + serverDoneMs;
    while (emulator.stats().openConnections > 0 && performance.now() < end) await delay(10);
    await delay(20);
  }

  async #pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#stop.signal }).catch(() => undefined);
  }
}
