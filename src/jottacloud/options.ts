import type { ClientClock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { ClientLimits } from './limits.ts';
import type { Network } from './transport/agents.ts';
import type { Endpoints } from './urls.ts';

/** What everything that talks to the service needs, signed in or not. */
export interface ServiceDeps {
  readonly endpoints: Endpoints;
  readonly userAgent: string;
  readonly clock?: ClientClock;
  /** 0 ≤ x < 1, for jitter. */
  readonly random?: () => number;
  readonly log?: Log;
  readonly limits?: Partial<ClientLimits>;
  /** Proxies and trust; absent: direct connections. */
  readonly network?: Network;
}
