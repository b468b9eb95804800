/** Something that listens and can stop doing so for a while, on the same port. */
export interface Switchable {
  suspend(): Promise<void>;
  resume(): Promise<void>;
}

/** The whole service out of reach: connections are cut, new ones refused. */
export interface Outage {
  add(listener: Switchable): void;
  /** Begins an outage and, with `ms`, ends it by itself. Resolves when connections are refused. */
  begin(ms?: number): Promise<void>;
  /** Resolves when connections are taken again. */
  end(): Promise<void>;
  /** Forgets an end that is due. */
  dispose(): void;
}

export function createOutage(): Outage {
  const listeners: Switchable[] = [];
  let away = false;
  let timer: NodeJS.Timeout | undefined;
  // One change at a time: a listener that is closing cannot listen yet.
  let last = Promise.resolve();
  const change = (to: boolean) => {
    last = last.then(async () => {
      if (away === to) return;
      away = to;
      await Promise.all(listeners.map((listener) => (to ? listener.suspend() : listener.resume())));
    });
    return last;
  };
  const end = () => {
    clearTimeout(timer);
    return change(false);
  };
  return {
    add: (listener) => void listeners.push(listener),
    begin(ms) {
      clearTimeout(timer);
      if (ms !== undefined) timer = setTimeout(() => void end().catch(() => undefined), ms);
      return change(true);
    },
    end,
    dispose: () => clearTimeout(timer),
  };
}
