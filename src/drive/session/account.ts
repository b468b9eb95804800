import { Flights } from '../../base/flights.ts';
import type { JottacloudClient } from '../../jottacloud/client.ts';
import type { AccountState } from '../../protocol/state.ts';
import type { Nodes } from '../../store/nodes.ts';

export interface AccountDeps {
  readonly client: JottacloudClient;
  readonly nodes: Nodes;
  /** The answer is kept. */
  readonly onChange: () => void;
  /** There is more room than at the last answer. */
  readonly onRoom: () => void;
  readonly signal: AbortSignal;
}

/** Who is signed in and how much room there is: from the last answer of the server, kept over restarts. */
export class Account {
  readonly #deps: AccountDeps;
  readonly #flights = new Flights<'account', void>();
  #state: AccountState;
  #isRoomKnown = true;

  constructor(deps: AccountDeps) {
    this.#deps = deps;
    const unknown = { username: deps.client.username, email: '', name: '', usedBytes: 0, totalBytes: -1 };
    this.#state = { ...unknown, ...parseStored(deps.nodes.facts.get('account')) };
  }

  get state(): AccountState {
    return this.#state;
  }

  /** Something was refused for want of room: there is less than the last answer told, and whatever the next one tells is news. */
  forgetRoom(): void {
    this.#isRoomKnown = false;
  }

  /** Callers at the same time share one request. Rejects as the client does. */
  refresh(): Promise<void> {
    return this.#flights.run('account', async () => {
      const { client, nodes, onChange, onRoom, signal } = this.#deps;
      const roomBefore = this.#isRoomKnown ? getRoom(this.#state) : Number.NEGATIVE_INFINITY;
      const customer = await client.fetchCustomer(signal);
      this.#state = {
        username: client.username,
        email: customer.email,
        name: customer.name,
        usedBytes: customer.usage,
        totalBytes: customer.quota,
      };
      this.#isRoomKnown = true;
      nodes.facts.set('account', JSON.stringify(this.#state));
      onChange();
      if (getRoom(this.#state) > roomBefore) onRoom();
    });
  }

  /** Resolves when no answer is on its way any more. */
  settled(): Promise<void> {
    return this.#flights.settled();
  }
}

/** Bytes. */
function getRoom({ usedBytes, totalBytes }: AccountState): number {
  return totalBytes < 0 ? Number.POSITIVE_INFINITY : totalBytes - usedBytes;
}

/** What cannot be used is asked for anew. */
function parseStored(text: string | undefined): Partial<AccountState> {
  try {
    const { email, name, usedBytes, totalBytes } = JSON.parse(text ?? '') as Record<string, unknown>;
    const isText = typeof email === 'string' && typeof name === 'string';
    return isText && typeof usedBytes === 'number' && typeof totalBytes === 'number'
      ? { email, name, usedBytes, totalBytes }
      : {};
  } catch {
    return {};
  }
}
