import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Emulator } from '../../emulator/emulator.ts';
import { remoteFiles } from '../../mount/support.ts';
import { until } from '../../support/until.ts';
import { countRequests, mebibyte, type Scenario, timed, timedCommand, timedShell } from '../scenario.ts';

const patienceMs = 300_000;

export function writingLarge(scale: number): Scenario {
  const mebibytes = Math.ceil(1_024 * scale);
  return {
    name: 'write',
    shape: {},
    settleMs: 100,
    prepare: async () => {},
    rows: [
      {
        name: `write ${mebibytes} MiB, until close answers`,
        unit: 'MiB/s',
        measure: async ({ volume }) => {
          // Not all zeros, and nothing that takes time to make.
          const line = 'yes "a line of the file" | head -c "$2" | dd of="$1" bs=1M iflag=fullblock status=none';
          return mebibytes / (await timedShell(line, join(volume, 'new.bin'), String(mebibytes * mebibyte)));
        },
      },
      {
        name: '… until the server has it',
        unit: 's',
        measure: ({ emulator }) =>
          timed(() =>
            until(
              'the file is on the server',
              () => remoteFiles(emulator).get('new.bin')?.size === mebibytes * mebibyte,
              patienceMs,
            ),
          ),
      },
      { name: 'memory after that', unit: 'MiB', measure: (bench) => bench.residentMebibytes() },
    ],
  };
}

/** Many small files, in and out and moved. */
export function writingSmall(scale: number): Scenario {
  const copied = Math.ceil(1_000 * scale);
  const folders = Math.ceil(50 * scale);
  const inFolder = 10;
  let cpuBefore = 0;
  let copiedAt = 0;
  return {
    name: 'small-files',
    shape: { latency: 40, bandwidth: 2_000_000 },
    settleMs: 2_000,
    prepare: async (emulator, dir) => {
      await mkdir(join(dir, 'small'));
      for (let at = 0; at < copied; at += 1) {
        await writeFile(join(dir, 'small', `${at}.txt`), `small ${at} `.repeat(1_000).slice(0, 4_096));
      }
      for (const tree of ['removed', 'moved']) {
        for (let at = 0; at < folders * inFolder; at += 1) {
          await emulator.put(`/Jotta/Archive/${tree}/folder ${at % folders}/file ${at}.txt`, `${at}\n`);
        }
      }
      emulator.mkdir('/Jotta/Archive/elsewhere');
    },
    rows: [
      {
        name: `\`cp -r\` of ${copied} × 4 KiB, until it ends`,
        unit: 's',
        measure: async (bench) => {
          cpuBefore = await bench.cpuSeconds();
          copiedAt = performance.now();
          return timedCommand('cp', '-r', join(bench.dir, 'small'), join(bench.volume, 'small'));
        },
      },
      {
        name: '… processor time of the mount for each until then',
        unit: 'ms',
        measure: async (bench) => (((await bench.cpuSeconds()) - cpuBefore) * 1000) / copied,
      },
      {
        name: '… from its begin until the server has all',
        unit: 's',
        measure: async ({ emulator }) => {
          await until('they are on the server', () => countBelow(emulator, 'small/') === copied, patienceMs);
          return (performance.now() - copiedAt) / 1000;
        },
      },
      {
        name: `\`rm -r\` of ${folders * inFolder} files in ${folders} folders, never seen`,
        unit: 's',
        measure: ({ emulator, volume }) => {
          emulator.resetStats();
          return timedCommand('rm', '-r', join(volume, 'removed'));
        },
      },
      {
        name: '… requests of it until the server has removed them',
        unit: 'requests',
        measure: async ({ emulator }) => {
          await until('they are in the trash', () => countBelow(emulator, 'removed/') === 0, patienceMs);
          return countRequests(emulator);
        },
      },
      {
        name: `\`mv\` of a folder with ${folders * inFolder} files, never seen`,
        unit: 's',
        measure: ({ volume }) => timedCommand('mv', join(volume, 'moved'), join(volume, 'elsewhere', 'moved')),
      },
      {
        name: '… until the server has moved them',
        unit: 's',
        measure: ({ emulator }) =>
          timed(() => until('they are moved', () => countBelow(emulator, 'moved/') === 0, patienceMs)),
      },
      {
        name: `\`rm -r\` of the ${copied} copied files`,
        unit: 's',
        measure: ({ volume }) => timedCommand('rm', '-r', join(volume, 'small')),
      },
    ],
  };
}

function countBelow(emulator: Emulator, folder: string): number {
  let count = 0;
  for (const path of remoteFiles(emulator).keys()) if (path.startsWith(folder)) count += 1;
  return count;
}
