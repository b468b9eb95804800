import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type BrandKey, brands, isBrandKey } from '../../jottacloud/auth/brands.ts';
import { cacheDefaults } from '../../protocol/cacheDefaults.ts';
import { getHome } from '../../protocol/stateDir.ts';
import { type DriverChoice, driverChoices } from '../volumeDrivers.ts';

/** What `npm run mount` was asked for. Sizes in bytes, times in ms. */
export interface HeadlessOptions {
  readonly endpoint: string | undefined;
  readonly loginToken: string | undefined;
  /** Host that the login token may lead to though no brand has it. */
  readonly loginHost: string | undefined;
  /** Whose page to sign in on, in a browser. */
  readonly brand: BrandKey | undefined;
  /** Empty with `serve`. */
  readonly mountPoint: string;
  /** Mounts nothing: a client of the user's own choice does. */
  readonly serve: boolean;
  /** Path in the account. */
  readonly source: string;
  readonly readOnly: boolean;
  readonly pollMs: number;
  readonly cacheMaxBytes: number;
  readonly cacheMinFreeBytes: number;
  readonly stateDir: string;
  readonly cacheDir: string;
  /** undefined: as in VS Code. */
  readonly settleMs: number | undefined;
  readonly driver: DriverChoice;
  /** Links made elsewhere are followed out of the volume too. */
  readonly followOutsideLinks: boolean;
  readonly verbose: boolean;
}

export const usage = `usage: npm run mount -- --mount-point DIR [--login-token T | --sign-in BRAND] [--endpoint URL] [--source PATH] [--read-only]
         [--driver auto|fuse|binding|nfs] [--poll S] [--cache-size BYTES] [--min-free BYTES] [--state DIR] [--cache DIR]
         [--settle-ms MS] [--follow-outside-links] [--verbose]
       npm run mount -- --driver nfs --serve …: mounts nothing, and prints the address for a client of your own.
A sign-in is needed the first time only. Brands: ${Object.keys(brands).join(', ')}.`;

/** Throws an Error that says which word is wrong. undefined when only the usage is asked for. */
export function parseHeadlessArgs(args: readonly string[]): HeadlessOptions | undefined {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      endpoint: text,
      'login-token': text,
      'login-host': text,
      'sign-in': text,
      'mount-point': text,
      source: { ...text, default: '/' },
      serve: flag,
      'read-only': flag,
      poll: { ...text, default: '45' },
      'cache-size': { ...text, default: String(cacheDefaults.cacheMaxBytes) },
      'min-free': { ...text, default: String(cacheDefaults.cacheMinFreeBytes) },
      state: { ...text, default: join(getHome(), '.local', 'state', 'jottacloud-headless') },
      cache: text,
      'settle-ms': text,
      driver: { ...text, default: 'auto' },
      'follow-outside-links': flag,
      verbose: flag,
      help: { ...flag, short: 'h' },
    },
  });
  if (values.help) return undefined;
  const mountPoint = values['mount-point'];
  const driver = parseDriver(values.driver);
  if (values.serve && driver !== 'nfs') throw new Error('--serve goes with --driver nfs');
  if (!values.serve && !mountPoint) throw new Error('--mount-point is needed');
  if (values.serve && mountPoint) throw new Error('--serve mounts nothing: leave out --mount-point');
  if (!values.source.startsWith('/')) throw new Error('--source is a path in the account, from / on');
  const settle = values['settle-ms'];
  const stateDir = resolve(values.state);
  const pollMs = parseNumber('poll', values.poll) * 1000;
  // A timer of 0 would poll without a pause; a longer one than a timer takes comes at once.
  if (pollMs < 1_000 || pollMs > 2_147_483_647) throw new Error('--poll is 1 to 2147483 seconds');
  return {
    endpoint: values.endpoint,
    loginToken: values['login-token'],
    loginHost: values['login-host'],
    brand: parseBrand(values['sign-in']),
    mountPoint: mountPoint ?? '',
    driver,
    serve: values.serve,
    source: values.source,
    readOnly: values['read-only'],
    pollMs,
    cacheMaxBytes: parseNumber('cache-size', values['cache-size']),
    cacheMinFreeBytes: parseNumber('min-free', values['min-free']),
    stateDir,
    cacheDir: values.cache === undefined ? join(stateDir, 'cache') : resolve(values.cache),
    settleMs: settle === undefined ? undefined : parseNumber('settle-ms', settle),
    followOutsideLinks: values['follow-outside-links'],
    verbose: values.verbose,
  };
}

function parseBrand(key: string | undefined): BrandKey | undefined {
  if (key === undefined || isBrandKey(key)) return key;
  throw new Error(`--sign-in wants a brand, not ${key}`);
}

function parseDriver(text: string): DriverChoice {
  const found = driverChoices.find((choice) => choice === text);
  if (found === undefined) throw new Error(`--driver is one of ${driverChoices.join(', ')}, not ${text}`);
  return found;
}

function parseNumber(name: string, text: string): number {
  if (!/^\d+(\.\d+)?$/.test(text)) throw new Error(`--${name} wants a number, not ${text}`);
  return Number(text);
}
