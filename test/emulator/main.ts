import { parseArgs } from 'node:util';
import { type EmulatorOptions, startEmulator } from './emulator.ts';
import { parseQuirks, quirkTable } from './quirks.ts';

const usage = `emulator [--port N] [--state DIR] [--seed DIR] [--latency MS] [--bandwidth BYTES/S per connection]
         [--rclone DIR] [--quirk name=value]... [--token-lifetime S] [--capacity BYTES] [--user NAME]

quirks (first value is the default):
${Object.entries(quirkTable)
  .map(([name, values]) => `  ${name}=${values.join('|')}`)
  .join('\n')}`;

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
      'token-lifetime': text,
      capacity: text,
      user: text,
      quirk: { type: 'string', multiple: true },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    console.error(usage);
    process.exit(0);
  }
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
  const quirks = (values.quirk ?? []).map((quirk) => quirk.split('=', 2) as [string, string]);
  options.quirks = parseQuirks(Object.fromEntries(quirks));
  return options;
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
  console.error(usage);
  process.exitCode = 2;
}
