import type { TransferState } from '../../protocol/state.ts';

/** Measured over at least this long: bytes come in bursts. ms. */
const spanMs = 1_000;
/** How much the newest span counts against those before. */
const weight = 0.4;

interface Progress {
  readonly at: number;
  readonly bytes: number;
  /** Bytes per second; undefined before the first span is over. */
  readonly speed: number | undefined;
}

/** How fast each transfer goes, told by how far it has come each time it is looked at. */
export class TransferSpeeds {
  #progress = new Map<string, Progress>();

  /** `now`: ms of any clock that only goes on. */
  note(transfers: readonly TransferState[], now: number): void {
    const next = new Map<string, Progress>();
    for (const { id, status, bytesDone } of transfers) {
      if (status === 'running') next.set(id, measure(this.#progress.get(id), bytesDone, now));
    }
    this.#progress = next;
  }

  /** Bytes per second; undefined while it is not known. */
  get(id: string): number | undefined {
    return this.#progress.get(id)?.speed;
  }
}

function measure(before: Progress | undefined, bytes: number, now: number): Progress {
  // Less than before: it began anew.
  if (before === undefined || bytes < before.bytes) return { at: now, bytes, speed: undefined };
  const ms = now - before.at;
  if (ms < spanMs) return before;
  const fresh = ((bytes - before.bytes) * 1_000) / ms;
  const speed = before.speed === undefined ? fresh : before.speed + weight * (fresh - before.speed);
  return { at: now, bytes, speed };
}
