import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../../tools/setup/root.ts';
import { runNicely } from './run.ts';
import { fetchSources } from './sources.ts';

const cache = path.join(root, 'node_modules', '.cache', 'rclone-suites');
/** What is needed to build only; it goes when that is done. */
const workshop = path.join(cache, 'build');
const gopath = path.join(cache, 'gopath');
const rclone = path.join(gopath, 'src/github.com/rclone/rclone');
const stamp = path.join(cache, 'built');

/** A suite of rclone as a program, and the folder it is to be run in, which has its test data. */
export interface Built {
  readonly program: string;
  readonly folder: string;
}

/** The suites of these packages of rclone; built by Debian's Go, once, which takes about five minutes of a processor. */
export async function ensureBuilt(packages: readonly string[]): Promise<ReadonlyMap<string, Built>> {
  const built = new Map(
    packages.map((name) => {
      const program = path.join(cache, `${name.replaceAll('/', '-')}.test`);
      return [name, { program, folder: path.join(rclone, name) }] as const;
    }),
  );
  const wanted = packages.join(' ');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return built;
  rmSync(cache, { recursive: true, force: true });
  mkdirSync(path.dirname(rclone), { recursive: true });
  mkdirSync(workshop);
  const system = await fetchSources(workshop, rclone);
  for (const [name, { program }] of built) await build(system, name, program);
  rmSync(workshop, { recursive: true });
  writeFileSync(stamp, wanted);
  return built;
}

async function build(system: string, name: string, program: string): Promise<void> {
  console.error(`building the tests of ${name}`);
  const goroot = path.join(system, 'usr/lib/go');
  const env = {
    ...process.env,
    GOROOT: goroot,
    GOPATH: [gopath, path.join(system, 'usr/share/gocode')].join(path.delimiter),
    GOCACHE: path.join(workshop, 'go-cache'),
    // As Debian builds it: everything is there, and nothing is fetched.
    GO111MODULE: 'off',
    GOPROXY: 'off',
    GOFLAGS: '-p=1',
    CGO_ENABLED: '0',
  };
  await runNicely(path.join(goroot, 'bin/go'), ['test', '-c', '-o', program, `./${name}`], { cwd: rclone, env });
}
