import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Violation } from './violation.ts';
import type { World } from './world.ts';

/** One part of a report: a title and its lines. */
type Section = readonly [title: string, lines: () => readonly string[]];

export function getFindings(error: unknown): readonly string[] {
  return error instanceof Violation ? error.findings : [String((error as Error).stack ?? error)];
}

/** Prints what a violation leaves to look into and keeps its world. What cannot be read any more is said in its place. */
export async function reportWorld({ stage, emulator, quirks, dir, close }: World): Promise<void> {
  const sections: readonly Section[] = [
    ['quirks of the server', () => [JSON.stringify(quirks)]],
    ['operations of this round', () => stage.history.take()],
    ['end of the log of the drive', () => stage.drive.log.slice(-60)],
  ];
  for (const [title, lines] of sections) {
    console.log(`\n${title}:`);
    for (const line of tryRead(lines)) console.log(`  ${line}`);
  }
  const requests = emulator
    .requests()
    .map(({ kind, method, url, body, status }) => `${status} ${kind} ${method} ${url} ${kind === 'token' ? '' : body}`);
  const all = requests.map((line) => `${decode(line)}\n`).join('');
  await writeFile(join(dir, 'requests.log'), all).catch((error) => console.log(`  no requests.log: ${error}`));
  console.log(`\nkept: ${dir}`);
  await close(true).catch((error) => console.log(`not taken down: ${error}`));
}

function tryRead(lines: Section[1]): readonly string[] {
  try {
    return lines();
  } catch (error) {
    return [`not to be had: ${error}`];
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
