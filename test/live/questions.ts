import type { LoginToken } from '../../src/jottacloud/auth/loginToken.ts';
import type { QuirkName } from '../emulator/quirks.ts';
import type { NotAsked, Probe, QuirkProbes } from './probe.ts';
import { documentProbes } from './probes/documents.ts';
import { moreProbes } from './probes/more.ts';
import { moveProbes } from './probes/moves.ts';
import { farewellProbes, socketProbes } from './probes/session.ts';
import { trashProbes } from './probes/trash.ts';
import { uploadProbes } from './probes/uploads.ts';

/** One line of the result: the question, the switch of the emulator that stands for it, and how to settle it. */
export interface Question {
  readonly quirk: QuirkName | undefined;
  readonly probe: Probe | NotAsked;
}

export interface Questions {
  readonly first: readonly Question[];
  /** They spend the sign-in: nothing can be asked afterwards, and nothing cleaned up. */
  readonly last: readonly Question[];
}

/** Every open question of PROTOCOL.md, that of each quirk among them. */
export function listQuestions(loginToken: LoginToken, reusesSpentTokens: boolean): Questions {
  const lasting = { ...moveProbes, ...trashProbes, ...documentProbes, ...uploadProbes, ...socketProbes };
  const farewell = farewellProbes(loginToken, reusesSpentTokens);
  const all: QuirkProbes = { ...lasting, ...farewell };
  const questions = (Object.keys(all) as QuirkName[]).map((quirk): Question => ({ quirk, probe: all[quirk] }));
  return {
    first: [
      ...questions.filter(({ quirk }) => quirk !== undefined && quirk in lasting),
      ...moreProbes.map((probe) => ({ quirk: undefined, probe })),
    ],
    last: questions.filter(({ quirk }) => quirk !== undefined && quirk in farewell),
  };
}
