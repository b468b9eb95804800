import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { dropCaches, mebibyte, type Scenario, timed, timedShell } from '../scenario.ts';

const readAll = 'cat "$1" > /dev/null';

/** Large files over a line that gives a connection 2 MB/s. */
export function readingSlowly(scale: number): Scenario {
  const bytes = Math.ceil(64 * scale) * mebibyte;
  const largeBytes = Math.ceil(256 * scale) * mebibyte;
  const reads = Math.ceil(50 * scale);
  return {
    name: 'read-line',
    shape: { latency: 40, bandwidth: 2_000_000 },
    settleMs: 100,
    prepare: async (emulator) => {
      await emulator.put('/Jotta/Archive/line.bin', Buffer.alloc(bytes, 'line '));
      await emulator.put('/Jotta/Archive/random.bin', Buffer.alloc(largeBytes, 'random '));
    },
    rows: [
      {
        name: `read ${bytes / mebibyte} MiB in order, 40 ms and 2 MB/s per connection`,
        unit: 'MiB/s',
        measure: async ({ volume }) => bytes / mebibyte / (await timedShell(readAll, join(volume, 'line.bin'))),
      },
      {
        name: `${reads} × 4 KiB at random places of ${largeBytes / mebibyte} MiB, the same line`,
        unit: 's',
        measure: ({ emulator, volume }) => {
          emulator.resetStats();
          return timed(() => readAtRandom(join(volume, 'random.bin'), largeBytes, reads));
        },
      },
      {
        name: '… sent by the server for them',
        unit: 'MiB',
        measure: async ({ emulator }) => emulator.stats().bytesOut / mebibyte,
      },
    ],
  };
}

/** Large files from a server that answers at once, and small ones that are known. */
export function readingFast(scale: number): Scenario {
  const bytes = Math.ceil(256 * scale) * mebibyte;
  const small = Math.ceil(1_000 * scale);
  return {
    name: 'read',
    shape: {},
    settleMs: 100,
    prepare: async (emulator) => {
      await emulator.put('/Jotta/Archive/order.bin', Buffer.alloc(bytes, 'order '));
      for (let at = 0; at < small; at += 1) {
        await emulator.put(`/Jotta/Archive/small/${at}.txt`, `small ${at}\n`.repeat(300));
      }
    },
    rows: [
      {
        name: `read ${bytes / mebibyte} MiB in order, no latency`,
        unit: 'MiB/s',
        measure: async ({ volume }) => bytes / mebibyte / (await timedShell(readAll, join(volume, 'order.bin'))),
      },
      {
        name: '… again from the cache on disk, the kernel has forgotten it',
        unit: 'MiB/s',
        measure: async ({ volume }) => {
          await dropCaches('pages');
          return bytes / mebibyte / (await timedShell(readAll, join(volume, 'order.bin')));
        },
      },
      {
        name: `\`cat\` of ${small} small files, never seen`,
        unit: 's',
        measure: ({ volume }) => timedShell('cat "$1"/* > /dev/null', join(volume, 'small')),
      },
      {
        name: '… of the cached files, the kernel has forgotten them',
        unit: 's',
        measure: async ({ volume }) => {
          await dropCaches('pages');
          return timedShell('cat "$1"/* > /dev/null', join(volume, 'small'));
        },
      },
      {
        name: '… again',
        unit: 's',
        measure: ({ volume }) => timedShell('cat "$1"/* > /dev/null', join(volume, 'small')),
      },
      { name: 'memory after all reads', unit: 'MiB', measure: (bench) => bench.residentMebibytes() },
    ],
  };
}

/** The places are the same for every contender. */
async function readAtRandom(path: string, bytes: number, reads: number): Promise<void> {
  const file = await open(path);
  try {
    for (let at = 0; at < reads; at += 1) {
      const place = Math.floor(((at * 7_919_113) % bytes) / 4096) * 4096;
      await file.read(Buffer.alloc(4096), 0, 4096, place);
    }
  } finally {
    await file.close();
  }
}
