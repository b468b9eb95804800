import { join } from 'node:path';
import { dropCaches, type Scenario, timedShell } from '../scenario.ts';

const line = { latency: 40, bandwidth: 2_000_000 };

/** Names only: a tree, a large folder, and both once more after a restart. */
export function walking(scale: number): Scenario {
  const folders = Math.ceil(500 * scale);
  const inFolder = Math.ceil(10_000 * scale);
  const walk = 'find "$1" -type f | wc -l';
  const list = 'ls -l "$1" | wc -l';
  return {
    name: 'walk',
    shape: line,
    settleMs: 100,
    prepare: async (emulator) => {
      for (let folder = 0; folder < folders; folder += 1) {
        const path = `/Jotta/Archive/tree/group ${folder % 20}/folder ${folder}`;
        for (let at = 0; at < 10; at += 1) await emulator.put(`${path}/file ${at}.txt`, `file ${at} of ${folder}\n`);
      }
      for (let at = 0; at < inFolder; at += 1) await emulator.put(`/Jotta/Archive/large/file ${at}.txt`, `${at}\n`);
    },
    rows: [
      { name: 'start to usable volume', unit: 'ms', measure: async ({ startMs }) => startMs },
      {
        name: `\`find\` over ${folders * 10} files in ${folders} folders, never seen`,
        unit: 's',
        measure: ({ volume }) => timedShell(walk, join(volume, 'tree')),
      },
      {
        name: `\`ls -l\` of ${inFolder} files, never seen`,
        unit: 's',
        measure: ({ volume }) => timedShell(list, join(volume, 'large')),
      },
      {
        name: `\`ls -l\` of ${inFolder} files, the kernel has forgotten them`,
        unit: 's',
        measure: async ({ volume }) => {
          await dropCaches('names');
          return timedShell(list, join(volume, 'large'));
        },
      },
      {
        name: `\`ls -l\` of ${inFolder} files again`,
        unit: 's',
        measure: ({ volume }) => timedShell(list, join(volume, 'large')),
      },
      {
        name: `the same \`find\` after a restart`,
        unit: 's',
        measure: async (bench) => {
          await bench.remount();
          return timedShell(walk, join(bench.volume, 'tree'));
        },
      },
      { name: 'memory after that', unit: 'MiB', measure: (bench) => bench.residentMebibytes() },
    ],
  };
}
