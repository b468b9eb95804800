import { writeFile } from 'node:fs/promises';
import { type QuirkName, quirkTable } from '../emulator/quirks.ts';
import type { Question } from './questions.ts';

/** What a run found out, as it is written to a file: `npm run emulator -- --quirks FILE` behaves so from then on. */
export interface Findings {
  /** Values the emulator has a switch for. */
  readonly quirks: Partial<Record<QuirkName, string>>;
  /** Answers that are none of a switch's values: the emulator cannot do this yet. */
  readonly unlike: Partial<Record<QuirkName, string>>;
  /** Answers to questions without a switch, by question. */
  readonly answers: Readonly<Record<string, string>>;
}

/** Collects answers. They hold no secrets: a probe answers with words of its own. */
export class FindingsBook {
  readonly #quirks: Partial<Record<QuirkName, string>> = {};
  readonly #unlike: Partial<Record<QuirkName, string>> = {};
  readonly #answers: Record<string, string> = {};

  note({ quirk, probe }: Question, answer: string): void {
    if (quirk === undefined) this.#answers[probe.question] = answer;
    else if (isValue(quirk, answer)) this.#quirks[quirk] = answer;
    else this.#unlike[quirk] = answer;
  }

  get findings(): Findings {
    return { quirks: this.#quirks, unlike: this.#unlike, answers: this.#answers };
  }

  async write(file: string): Promise<void> {
    await writeFile(file, `${JSON.stringify(this.findings, undefined, 2)}\n`);
  }
}

function isValue(quirk: QuirkName, answer: string): boolean {
  const values: readonly string[] = quirkTable[quirk];
  return values.includes(answer);
}
