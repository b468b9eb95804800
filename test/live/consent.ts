import { createInterface } from 'node:readline/promises';
import type { Readable, Writable } from 'node:stream';
import { home } from './leftovers.ts';

export interface Plan {
  readonly endpoint: string | undefined;
  readonly findings: string;
  readonly reusesSpentTokens: boolean;
}

/** What a run does to an account, before it does any of it. */
export function describePlan({ endpoint, findings, reusesSpentTokens }: Plan): string {
  const lines = [
    `This signs in to ${endpoint ?? 'your Jottacloud account'} and spends the login token. On the account it`,
    `- makes one folder in /${home.join('/')} and works in that: some hundred small files and one of 32 MiB;`,
    '- puts that folder into the trash at the end, where it counts to your storage until the trash is emptied;',
    '- puts folders into the trash that an earlier run of this left there;',
    '- makes public links to files of its own, and ends them;',
    '- changes nothing else, reads no file of yours, and refuses to begin on an account that is locked or nearly full.',
    reusesSpentTokens
      ? '- at the very end uses a spent refresh token once more, to see how the service refuses it. That ends this sign-in.'
      : '- leaves its sign-in in the list of your devices on the web, where you can remove it.',
    `What it finds out about the service is written to ${findings}; nothing of your account is in that file.`,
  ];
  return lines.join('\n');
}

/** False for any answer but yes, the end of the input among them. */
export async function askConsent(input: Readable, output: Writable, signal: AbortSignal): Promise<boolean> {
  const lines = createInterface({ input });
  try {
    output.write('Go on? [y/N] ');
    const [answer = ''] = await Promise.race([firstLine(lines), ended(signal)]);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    lines.close();
  }
}

async function firstLine(lines: AsyncIterable<string>): Promise<string[]> {
  for await (const line of lines) return [line];
  return [];
}

function ended(signal: AbortSignal): Promise<string[]> {
  const { promise, resolve } = Promise.withResolvers<string[]>();
  signal.addEventListener('abort', () => resolve([]), { once: true });
  return promise;
}
