import { mkdir, open, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Emulator } from '../emulator/emulator.ts';
import { remoteFiles, run, until } from '../mount/support.ts';
import type { Mounted } from './contenders.ts';

const mebibyte = 1024 * 1024;
const bigBytes = 100 * mebibyte;
const listed = 1_000;
const copied = 200;
const randomReads = 20;

export interface Bench {
  readonly emulator: Emulator;
  readonly mounted: Mounted;
  readonly dir: string;
}

/** One row of the table: the work is timed, `show` turns ms into what is read. */
export interface Measure {
  readonly name: string;
  readonly work: (bench: Bench) => Promise<void>;
  readonly show: (ms: number) => string;
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`;
const rate = (bytes: number) => (ms: number) => `${(bytes / mebibyte / (ms / 1000)).toFixed(1)} MiB/s`;

/** In this order: later rows build on what earlier ones left. */
export const measures: readonly Measure[] = [
  {
    name: `list a folder of ${listed} files, never seen`,
    work: async ({ mounted }) => {
      const names = await readdir(join(mounted.volume, 'many'));
      await Promise.all(names.map((name) => stat(join(mounted.volume, 'many', name))));
    },
    show: seconds,
  },
  {
    name: 'first 4 KiB of a 100 MiB file',
    work: ({ mounted }) => readAt(join(mounted.volume, 'first.bin'), [0]),
    show: seconds,
  },
  {
    name: `${randomReads} × 4 KiB at random places of a 100 MiB file`,
    work: ({ mounted }) => {
      const places = Array.from({ length: randomReads }, (_, at) => ((at * 7_919) % 100) * mebibyte);
      return readAt(join(mounted.volume, 'random.bin'), places);
    },
    show: seconds,
  },
  {
    name: 'read 100 MiB from the server',
    work: async ({ mounted }) => void (await readFile(join(mounted.volume, 'big.bin'))),
    show: rate(bigBytes),
  },
  {
    name: 'read it again',
    work: async ({ mounted }) => {
      await run('cat', [join(mounted.volume, 'big.bin')], { maxBuffer: 2 * bigBytes, encoding: 'buffer' });
    },
    show: rate(bigBytes),
  },
  {
    name: 'write 100 MiB (until close answers)',
    work: async ({ mounted }) => {
      await run('dd', ['if=/dev/urandom', `of=${join(mounted.volume, 'new.bin')}`, 'bs=1M', 'count=100']);
    },
    show: rate(bigBytes),
  },
  {
    name: '… until the server has it',
    work: async ({ emulator }) => {
      await until('the file is on the server', () => remoteFiles(emulator).get('new.bin')?.size === bigBytes, 120_000);
    },
    show: seconds,
  },
  {
    name: `cp -r of ${copied} small files (until cp ends)`,
    work: async ({ mounted, dir }) => void (await run('cp', ['-r', join(dir, 'small'), join(mounted.volume, 'small')])),
    show: seconds,
  },
  {
    name: '… until the server has them',
    work: async ({ emulator }) => {
      const arrived = () => [...remoteFiles(emulator).keys()].filter((path) => path.startsWith('small/')).length;
      await until('the files are on the server', () => arrived() === copied, 120_000);
    },
    show: seconds,
  },
  {
    name: 'rm -rf of them (until rm ends)',
    work: async ({ mounted }) => void (await run('rm', ['-rf', join(mounted.volume, 'small')])),
    show: seconds,
  },
];

/** What the account holds before the mounts start, and the local folder that is copied. */
export async function prepare(emulator: Emulator, dir: string): Promise<void> {
  for (const name of ['first.bin', 'random.bin', 'big.bin']) {
    await emulator.put(`/Jotta/Archive/${name}`, Buffer.alloc(bigBytes, `${name} `));
  }
  for (let at = 0; at < listed; at += 1) {
    await emulator.put(`/Jotta/Archive/many/file ${at}.txt`, Buffer.from(`file ${at}\n`));
  }
  await mkdir(join(dir, 'small'), { recursive: true });
  for (let at = 0; at < copied; at += 1) {
    await writeFile(join(dir, 'small', `${at}.txt`), `small ${at}\n`.repeat(200));
  }
}

export async function residentMebibytes(pid: number): Promise<string> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return `${Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024)} MiB`;
}

async function readAt(path: string, places: readonly number[]): Promise<void> {
  const file = await open(path);
  try {
    for (const place of places) await file.read(Buffer.alloc(4096), 0, 4096, place);
  } finally {
    await file.close();
  }
}
