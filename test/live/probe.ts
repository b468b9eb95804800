import type { Tokens } from '../../src/jottacloud/auth/tokens.ts';
import { type Endpoints, escapeSegment } from '../../src/jottacloud/urls.ts';
import type { ContractWorld } from '../contract/client/world.ts';
import type { QuirkName } from '../emulator/quirks.ts';

/** What a probe works with: a client, a folder of its own, and requests that no client makes. */
export interface ProbeWorld extends ContractWorld {
  readonly endpoints: Endpoints;
  /** The tokens in force. They are secrets: nothing of them belongs into an answer. */
  tokens(): Tokens;
  /** Whether any answer to `send` so far asked to come back later. */
  sawRetryAfter(): boolean;
  /** Any request, with the access token; never repeated. */
  send(method: 'GET' | 'POST', url: string, options?: RawOptions): Promise<RawAnswer>;
}

export interface RawOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
}

export interface RawAnswer {
  readonly status: number;
  readonly text: string;
  header(name: string): string | undefined;
}

/** Asks the service one thing that PROTOCOL.md leaves open. */
export interface Probe {
  readonly question: string;
  /** A few words without secrets; for a quirk one of its values, or what was seen if it is none of them. */
  ask(world: ProbeWorld): Promise<string>;
}

/** Why nobody asks on an account that somebody uses. */
export interface NotAsked {
  readonly question: string;
  readonly because: string;
}

/** Total: a switch of the emulator that nobody could settle would be a guess for ever. */
export type QuirkProbes = Readonly<Record<QuirkName, Probe | NotAsked>>;

export type PartOfQuirks<K extends QuirkName> = { readonly [N in K]: Probe | NotAsked };

/** URL of a path on JFS. */
export function jfs({ endpoints, client }: ProbeWorld, path: readonly string[], query = ''): string {
  return `${endpoints.jfs}/jfs/${[client.username, ...path].map(escapeSegment).join('/')}${query}`;
}

/** Query of a command that names a target (PROTOCOL.md §2.3). */
export function targetOf(command: 'mv' | 'mvDir' | 'cp', { client }: ProbeWorld, to: readonly string[]): string {
  return `?${new URLSearchParams({ [command]: `/${[client.username, ...to].join('/')}` }).toString()}`;
}

export function succeeded({ status }: RawAnswer): boolean {
  return status >= 200 && status < 300;
}

/** The class of a refusal with its status, for answers that fit nothing known. */
export function describe({ status, text }: RawAnswer): string {
  const exception = /(\w{1,60}Exception)\b/.exec(text)?.[1];
  return exception === undefined ? `status ${status}` : `status ${status} ${exception}`;
}

/** The status of a refusal, where it is one of those that a switch knows. */
export function statusOf(answer: RawAnswer, known: readonly string[]): string {
  return known.includes(`${answer.status}`) ? `${answer.status}` : describe(answer);
}

/** True when the root element of a document is marked as deleted. */
export function isTombstone({ text }: RawAnswer): boolean {
  return (
    /<(?:file|folder|mountPoint)\b[^>]*\sdeleted=/.exec(text)?.index === text.search(/<(?:file|folder|mountPoint)\b/)
  );
}
