import type { Tokens } from '../../../src/jottacloud/auth/tokens.ts';
import type { JottacloudClient } from '../../../src/jottacloud/client.ts';
import type { JottaPath } from '../../../src/jottacloud/types.ts';
import { type QuirkName, type Quirks, quirkTable } from '../../emulator/quirks.ts';

/** What a case gets to work with, whatever stands behind the client: an emulator, near or far, or the real service. */
export interface ContractWorld {
  readonly client: JottacloudClient;
  /** Live, empty, and of this case alone. */
  readonly folder: JottaPath;
  readonly signal: AbortSignal;
}

/** A whole account that may be changed in any way. */
export interface AccountWorld extends ContractWorld {
  newLoginToken(): string;
  exchange(loginToken: string): Promise<Tokens>;
  /** One more client, closed with the world. `aheadMs`: how far its clock is ahead of the service's. */
  connect(tokens: Tokens, aheadMs?: number): JottacloudClient;
  /** Bytes, or null for no limit. */
  setQuota(capacity: number | null, writeLocked?: boolean): void;
}

/** What the client may rightly answer when the notes leave open what the service does: one answer for each way it may be. */
export type Guess = { [K in QuirkName]: GuessOf<K> }[QuirkName];

interface GuessOf<K extends QuirkName> {
  /** The open question of PROTOCOL.md, as the switch that the emulator has for it. */
  readonly quirk: K;
  /** The one right answer for each value of the quirk. */
  readonly answers: Readonly<Record<Quirks[K], string>>;
}

interface CaseBase {
  /** A sentence about the client. */
  readonly name: string;
}

/** Right in one way only, however the service behaves where nobody knows. Rejects when it is not. */
export interface PlainCase extends CaseBase {
  run(world: ContractWorld): Promise<void>;
}

/** Resolves with the answer it saw, which must be the one that its guess names. */
export interface GuessCase extends CaseBase {
  /** Several when each of them alone may change the answer. */
  readonly guess: Guess | readonly Guess[];
  run(world: ContractWorld): Promise<string>;
}

/** Confined to the folder of its world: may run beside others, and on an account that somebody uses. */
export type FolderCase = PlainCase | GuessCase;

/** Touches more than a folder: runs alone, and only on an account that nobody will miss. */
export type AccountCase =
  | (CaseBase & { run(world: AccountWorld): Promise<void> })
  | (CaseBase & { readonly guess: Guess | readonly Guess[]; run(world: AccountWorld): Promise<string> });

/** Every answer that is right for some service; none for a case without a guess. */
export function possibleAnswers(of: FolderCase | AccountCase): string[] {
  return guessesOf(of).flatMap(({ answers }) => Object.values(answers));
}

/** The answers that are right under these quirks: those that quirks off their defaults call for, if there are any. */
export function rightAnswers(of: FolderCase | AccountCase, quirks: Quirks): string[] {
  const guesses = guessesOf(of);
  const special = guesses.filter(({ quirk }) => quirks[quirk] !== quirkTable[quirk][0]);
  return (special.length > 0 ? special : guesses).map(({ quirk, answers }) => {
    const byValue: Readonly<Record<string, string>> = answers;
    return byValue[quirks[quirk]] ?? '';
  });
}

function guessesOf(of: FolderCase | AccountCase): readonly Guess[] {
  return 'guess' in of ? [of.guess].flat() : [];
}
