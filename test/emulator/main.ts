/**
 * The emulator as a program: `npm run emulator -- [options]`. Prints one line of JSON with its URL and a login token, then
 * serves until SIGTERM or SIGINT.
 *
 *   --port N            port on 127.0.0.1; a free one without it
 *   --state DIR         keep account, content and tokens there between runs; else a temporary folder
 *   --seed DIR          copy this folder into /Jotta/Archive of a new account
 *   --latency MS        wait before each request
 *   --bandwidth N       bytes per second, per connection and direction
 *   --rclone DIR        write ca.pem, certificate and rclone.conf there, and serve TLS as the real hosts
 *   --certificate KIND  good, expired, wrong-host or unknown-authority; with --rclone
 *   --quirks FILE       behave as `npm run test:live` found the service to
 *   --quirk NAME=VALUE  another behaviour where the real one is unknown, repeatable; see quirks.ts
 *   --token-lifetime S  seconds an access token lives
 *   --capacity BYTES    room on the account; unlimited without it
 *   --write-locked, --read-locked
 *   --user NAME         internal user name
 *
 * While it runs, http://127.0.0.1:PORT/_emulator/NAME does the rest with JSON: GET tree, stats, faults; POST faults
 * (faultActions.ts says what there is), shape, quota, lock, outage, certificate, login-token, revoke, expire,
 * expire-upload-urls, reset-stats (see control.ts).
 */

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { certificateKinds } from './certificates.ts';
import { type EmulatorOptions, startEmulator } from './emulator.ts';
import { parseQuirks } from './quirks.ts';

function parseCommandLine(args: string[]): EmulatorOptions {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args,
    options: {
      port: text,
      state: text,
      seed: text,
      latency: text,
      bandwidth: text,
      rclone: text,
      certificate: text,
      'write-locked': { type: 'boolean' },
      'read-locked': { type: 'boolean' },
      'token-lifetime': text,
      capacity: text,
      user: text,
      quirks: text,
      quirk: { type: 'string', multiple: true },
    },
  });
  const options: EmulatorOptions = {};
  for (const name of ['state', 'seed', 'rclone', 'user'] as const) {
    if (values[name] !== undefined) options[name] = values[name];
  }
  const numbers = { port: 'port', latency: 'latency', bandwidth: 'bandwidth', capacity: 'capacity' } as const;
  for (const [flag, name] of Object.entries({ ...numbers, 'token-lifetime': 'tokenLifetime' } as const)) {
    const value = values[flag as keyof typeof numbers];
    if (value === undefined) continue;
    if (!/^\d+(\.\d+)?$/.test(value)) throw new Error(`--${flag} wants a number, not ${value}`);
    options[name] = Number(value);
  }
  if (values['write-locked']) options.writeLocked = true;
  if (values['read-locked']) options.readLocked = true;
  if (values.certificate !== undefined) {
    const kind = certificateKinds.find((one) => one === values.certificate);
    if (!kind) throw new Error(`--certificate is one of ${certificateKinds.join(', ')}`);
    options.certificate = kind;
  }
  const quirks = (values.quirk ?? []).map((quirk) => quirk.split('=', 2) as [string, string]);
  const found = values.quirks === undefined ? {} : readFindings(values.quirks);
  options.quirks = parseQuirks({ ...found, ...Object.fromEntries(quirks) });
  return options;
}

/** The values in a file that `npm run test:live` wrote; `parseQuirks` looks at each. */
function readFindings(file: string): Record<string, string> {
  const found: unknown = JSON.parse(readFileSync(file, 'utf8'));
  const quirks = typeof found === 'object' && found !== null && 'quirks' in found ? found.quirks : undefined;
  if (typeof quirks !== 'object' || quirks === null) throw new Error(`${file} holds no quirks`);
  return Object.fromEntries(Object.entries(quirks).map(([name, value]) => [name, String(value)]));
}

try {
  const emulator = await startEmulator(parseCommandLine(process.argv.slice(2)));
  const { url, user, rclone } = emulator;
  console.log(JSON.stringify({ url, loginToken: emulator.newLoginToken(), user, ...(rclone && { rclone }) }));
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => void emulator.close().then(() => process.exit(0)));
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
