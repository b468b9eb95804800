import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../mount/support.ts';
import { type Scenario, timed, timedShell } from '../scenario.ts';

/** What programs do to a volume: version control, archives, and the benchmarks that file systems are judged by. */
export function programs(scale: number): Scenario {
  const files = Math.ceil(1_000 * scale);
  const archived = Math.ceil(3_000 * scale);
  const names = Math.ceil(30_000 * scale);
  const small = Math.ceil(2_000 * scale);
  // Files of one block, each open for that block alone.
  const eachFile = `--bs=4k --size=${4 * small}k --nrfiles=${small} --openfiles=1 --file_service_type=sequential`;
  const seconds = Math.max(1, Math.ceil(10 * scale));
  const long = `--time_based --runtime=${seconds}`;
  return {
    name: 'programs',
    shape: { latency: 40, bandwidth: 2_000_000 },
    settleMs: 2_000,
    prepare: async (_emulator, dir) => {
      await makeRepository(dir, files);
      await mkdir(join(dir, 'archived'));
      for (let at = 0; at < archived; at += 1)
        await writeFile(join(dir, 'archived', `${at}.js`), `${at};\n`.repeat(200));
      await run('tar', ['-cf', join(dir, 'archive.tar'), '-C', dir, 'archived']);
    },
    rows: [
      {
        name: `\`git clone\` of ${files} files`,
        unit: 's',
        measure: ({ dir, volume }) =>
          timedShell('git clone -q "file://$1" "$2"', join(dir, 'repository'), join(volume, 'clone')),
      },
      { name: '`git status` in it', unit: 's', measure: gitStatus },
      { name: '`git status` again', unit: 's', measure: gitStatus },
      {
        name: `\`tar -x\` of ${archived} files`,
        unit: 's',
        measure: ({ dir, volume }) => timedShell('tar -xf "$1" -C "$2"', join(dir, 'archive.tar'), volume),
      },
      {
        name: `postmark: ${files} files, ${2 * files} transactions`,
        unit: 's',
        measure: async ({ dir, volume }) => {
          const script = [
            `set location ${volume}`,
            `set number ${files}`,
            `set transactions ${2 * files}`,
            'run',
            'quit',
          ];
          await writeFile(join(dir, 'postmark'), `${script.join('\n')}\n`);
          return timedShell('postmark "$1"', join(dir, 'postmark'));
        },
      },
      {
        name: 'dbench, 4 clients',
        unit: 'MiB/s',
        measure: async ({ volume }) => {
          await mkdir(join(volume, 'dbench'));
          const { stdout } = await run('dbench', ['-t', String(seconds), '-D', join(volume, 'dbench'), '4']);
          return Number(/^Throughput ([\d.]+)/m.exec(stdout)?.[1]);
        },
      },
      {
        name: 'fio: 4 KiB random reads of a known file',
        unit: '1/s',
        measure: ({ volume }) =>
          fio(volume, 'read', `--name=read --rw=randread --bs=4k --size=${Math.ceil(64 * scale)}m ${long}`),
      },
      {
        name: 'fio: append 1 KiB and fsync',
        unit: '1/s',
        measure: ({ volume }) => fio(volume, 'write', `--name=write --rw=write --bs=1k --size=4m --fsync=1 ${long}`),
      },
      {
        name: `fio: make and write ${small} small files`,
        unit: '1/s',
        measure: ({ volume }) => fio(volume, 'write', `--name=small --rw=write ${eachFile} --create_on_open=1`),
      },
      {
        name: '… open, stat and read them',
        unit: '1/s',
        measure: ({ volume }) => fio(volume, 'read', `--name=small --rw=read ${eachFile} --invalidate=0`),
      },
      {
        name: `${names} new names in one folder`,
        unit: 's',
        measure: ({ volume }) =>
          timedShell('mkdir "$1" && cd "$1" && seq -f %g "$2" | xargs touch', join(volume, 'names'), String(names)),
      },
      {
        name: '`ls -la` of them',
        unit: 's',
        measure: ({ volume }) => timedShell('ls -la "$1" | wc -l', join(volume, 'names')),
      },
    ],
  };
}

function gitStatus({ volume }: { volume: string }): Promise<number> {
  return timed(() => run('git', ['-C', join(volume, 'clone'), 'status', '--short']));
}

/** Operations per second of one job. */
async function fio(volume: string, way: 'read' | 'write', job: string): Promise<number> {
  const { stdout } = await run('fio', [`--directory=${volume}`, '--output-format=json', ...job.split(' ')]);
  const report = JSON.parse(stdout.slice(stdout.indexOf('{'))) as { jobs: Record<typeof way, { iops: number }>[] };
  return report.jobs[0]?.[way].iops ?? Number.NaN;
}

async function makeRepository(dir: string, files: number): Promise<void> {
  const source = join(dir, 'repository');
  await mkdir(source);
  for (let at = 0; at < files; at += 1) {
    const folder = join(source, `folder ${at % 25}`);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, `${at}.txt`), `line ${at}\n`.repeat(100));
  }
  const git = (...args: string[]) =>
    run('git', ['-C', source, '-c', 'user.name=bench', '-c', 'user.email=bench@localhost', ...args]);
  await git('init', '-q');
  await git('add', '.');
  await git('commit', '-q', '-m', 'all');
}
