import path from 'node:path';
import { parseArgs } from 'node:util';
import { parseLoginToken } from '../../src/jottacloud/auth/loginToken.ts';
import { JottaError } from '../../src/jottacloud/errors.ts';
import { askConsent, describePlan } from './consent.ts';
import { longestRunMs } from './leftovers.ts';
import { runLive, Unsuitable } from './run.ts';

const usage = `JOTTACLOUD_LOGIN_TOKEN=… npm run test:live -- [--yes] [--findings FILE] [--reuse-spent-tokens]

Runs the client contract against the real service and asks what docs/PROTOCOL.md leaves open. Make a login token under
Settings → Security at www.jottacloud.com. It is good for one run: the tokens it is exchanged for stay in memory and are written
nowhere. It says what it is going to do, and asks.

--yes                 do not ask
--findings FILE       write what was found there (live-findings.json); npm run emulator -- --quirks FILE then behaves so
--reuse-spent-tokens  also see how the service refuses a spent refresh token, which ends the sign-in

JOTTACLOUD_ENDPOINT=URL runs against an emulator instead.`;

interface Options {
  readonly yes: boolean;
  readonly findings: string;
  readonly reusesSpentTokens: boolean;
}

/** Throws an Error that says which word is wrong; undefined when only the usage is asked for. */
function readOptions(): Options | undefined {
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({
    options: {
      yes: flag,
      findings: { type: 'string', default: 'live-findings.json' },
      'reuse-spent-tokens': flag,
      help: { ...flag, short: 'h' },
    },
  });
  if (values.help) return undefined;
  return {
    yes: values.yes,
    findings: path.resolve(values.findings),
    reusesSpentTokens: values['reuse-spent-tokens'],
  };
}

async function main(): Promise<number> {
  const options = readOptions();
  const text = process.env.JOTTACLOUD_LOGIN_TOKEN ?? '';
  if (options === undefined || text === '') {
    console.error(usage);
    return options === undefined ? 0 : 2;
  }
  const endpoint = process.env.JOTTACLOUD_ENDPOINT || undefined;
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  const loginToken = parseLoginToken(text);
  console.log(describePlan({ ...options, endpoint }));
  if (!options.yes && !(await askConsent(process.stdin, process.stdout, stop.signal))) {
    console.log('Nothing was done.');
    return 1;
  }
  const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(longestRunMs)]);
  const { passed, failed } = await runLive({ ...options, loginToken, endpoint, signal, say: console.log });
  console.log(`\n${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof Error)) throw error;
  const isTold = error instanceof JottaError || error instanceof Unsuitable || 'code' in error;
  console.error(error instanceof JottaError ? `${error.kind}: ${error.message}` : isTold ? error.message : error.name);
  process.exitCode = 1;
}
