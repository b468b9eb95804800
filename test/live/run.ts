import type { LoginToken } from '../../src/jottacloud/auth/loginToken.ts';
import { isJottaError } from '../../src/jottacloud/errors.ts';
import { cases, casesForWholeAccount } from '../contract/client/suite.ts';
import { type FolderCase, possibleAnswers } from '../contract/client/world.ts';
import { type Connection, connect } from './connection.ts';
import { FindingsBook } from './findings.ts';
import { findLeftovers, home, nameRun } from './leftovers.ts';
import { jfs, type ProbeWorld } from './probe.ts';
import { listQuestions, type Question } from './questions.ts';

export interface LiveRun {
  readonly loginToken: LoginToken;
  /** An emulator's address; absent means the real service. */
  readonly endpoint: string | undefined;
  /** File to write what was found to. */
  readonly findings: string;
  /** Also ask what a spent refresh token is answered, which ends the sign-in. */
  readonly reusesSpentTokens: boolean;
  readonly signal: AbortSignal;
  /** One line for the person who watches. Gets no secrets. */
  readonly say: (line: string) => void;
}

export interface LiveResult {
  readonly passed: number;
  readonly failed: number;
}

/** How many cases are under way at once: as gentle as the official client (PROTOCOL.md §6). */
const together = 4;

/** Ms to put the folder in the trash; a large one may take a while (PROTOCOL.md §2.3). */
const cleanUpMs = 120_000;

/** Room that must be left on the account, some twenty times of what a run sends. Bytes. */
const roomNeeded = 1024 ** 3;

/** The account is no place for a run. */
export class Unsuitable extends Error {
  override readonly name = 'Unsuitable';
}

/**
 * Runs the client contract and asks the open questions, all in one new folder of the account, which goes to the trash at
 * the end whatever happens, as do those of earlier runs that were killed. Cases that touch more than a folder are left out.
 * What was found is written even when the run is stopped. Rejects with Unsuitable before anything is changed.
 */
export async function runLive(run: LiveRun): Promise<LiveResult> {
  const { say, signal } = run;
  const connection = await connect(run.loginToken, run.endpoint, signal);
  const { first, last } = listQuestions(run.loginToken, run.reusesSpentTokens);
  const book = new FindingsBook();
  let begun = false;
  const folder = [...home, nameRun(Date.now())];
  const inFolder = async (name: string): Promise<ProbeWorld> => {
    const path = [...folder, name];
    await connection.client.createFolder(path, signal);
    return connection.worldAt(path);
  };
  try {
    await checkAccount(connection, run);
    await sweep(connection, run);
    begun = true;
    say(`Signed in. Everything happens in /${folder.join('/')}.`);
    const results: LiveResult[] = [];
    try {
      results.push(await runCases(inFolder, run));
      for (const { name } of casesForWholeAccount) say(`left out, it concerns the whole account: ${name}`);
      say('\nOpen questions of PROTOCOL.md:');
      results.push(await askAll(first, inFolder, run, book));
    } finally {
      await cleanUp(connection, folder, run);
    }
    results.push(await askAll(last, async () => connection.worldAt(folder), run, book));
    return results.reduce(add);
  } finally {
    connection.close();
    if (begun) {
      await book.write(run.findings);
      say(`What was found is in ${run.findings}.`);
    }
  }
}

async function checkAccount(connection: Connection, { signal }: LiveRun): Promise<void> {
  const world = connection.worldAt([]);
  const user = await world.send('GET', jfs(world, []));
  const lock = /<((?:read-|write-|quota-write-)?locked)>\s*true/.exec(user.text)?.[1];
  if (lock !== undefined) throw new Unsuitable(`The account is locked (${lock}). Nothing was done.`);
  const customer = await connection.client.fetchCustomer(signal);
  if (customer.writeLocked) throw new Unsuitable('The account is locked for changes. Nothing was done.');
  const { capacity, usage } = await connection.client.fetchAccount(signal);
  for (const [total, used] of [
    [customer.quota, customer.usage],
    [capacity, usage],
  ] as const) {
    if (total < 0 || total - used >= roomNeeded) continue;
    throw new Unsuitable(`The account has less than ${roomNeeded / 1024 ** 3} GiB left. Nothing was done.`);
  }
}

/** Into the trash with what killed runs left; what may belong to a run that is at work is told. */
async function sweep(connection: Connection, { signal, say }: LiveRun): Promise<void> {
  const { old, young } = await findLeftovers(connection.worldAt([]), Date.now());
  for (const name of old) {
    await connection.client.trashFolder([...home, name], signal);
    say(`/${[...home, name].join('/')} of an earlier run is in the trash.`);
  }
  for (const name of young) say(`/${[...home, name].join('/')} may be of a run that is at work, and stays.`);
}

async function cleanUp({ client }: Connection, folder: readonly string[], { say }: LiveRun): Promise<void> {
  try {
    // Not under the run's own signal, which may be what ended it.
    await client.trashFolder(folder, AbortSignal.timeout(cleanUpMs));
    say(`The folder /${folder.join('/')} is in the trash.`);
  } catch (error) {
    say(`Could not put /${folder.join('/')} in the trash, ${nameOf(error)}: please do so.`);
  }
}

type OpenWorld = (name: string) => Promise<ProbeWorld>;

async function runCases(openWorld: OpenWorld, { say }: LiveRun): Promise<LiveResult> {
  let result: LiveResult = { passed: 0, failed: 0 };
  const queue = [...cases.entries()];
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [index, one] = next;
      const failure = await tryCase(one, () => openWorld(`case ${index + 1}`));
      say(failure === undefined ? `ok    ${one.name}` : `FAIL  ${one.name}: ${failure}`);
      result = add(result, failure === undefined ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 });
    }
  };
  await Promise.all(Array.from({ length: together }, worker));
  return result;
}

/** Resolves with what went wrong. */
async function tryCase(one: FolderCase, open: () => Promise<ProbeWorld>): Promise<string | undefined> {
  try {
    const answer = await one.run(await open());
    if (!('guess' in one)) return undefined;
    const answers = possibleAnswers(one);
    return answer !== undefined && answers.includes(answer) ? undefined : `${answer}, not ${answers.join(' or ')}`;
  } catch (error) {
    return nameOf(error);
  }
}

/** One after the other: some questions are about what happens in between. An answer of any kind counts as passed. */
async function askAll(
  questions: readonly Question[],
  openWorld: OpenWorld,
  { say }: LiveRun,
  book: FindingsBook,
): Promise<LiveResult> {
  let result: LiveResult = { passed: 0, failed: 0 };
  for (const [index, question] of questions.entries()) {
    const { quirk, probe } = question;
    const mark = quirk === undefined ? '' : ` [${quirk}]`;
    if ('because' in probe) {
      say(`  ${probe.question}${mark}: not asked, ${probe.because}`);
      continue;
    }
    try {
      const answer = await probe.ask(await openWorld(`question ${index + 1}`));
      book.note(question, answer);
      say(`  ${probe.question}${mark} → ${answer}`);
      result = add(result, { passed: 1, failed: 0 });
    } catch (error) {
      say(`  ${probe.question}${mark}: FAIL, ${nameOf(error)}`);
      result = add(result, { passed: 0, failed: 1 });
    }
  }
  return result;
}

function add(a: LiveResult, b: LiveResult): LiveResult {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed };
}

/** What may be shown of an error: its own words where they hold no secrets, else its name. */
function nameOf(error: unknown): string {
  if (isJottaError(error)) return `${error.kind} (${error.message})`;
  if (error instanceof Error && error.name === 'AssertionError') return error.message.replaceAll('\n', ' ');
  return error instanceof Error ? error.name : 'unknown';
}
