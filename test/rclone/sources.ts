import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { runNicely, runQuietly } from './run.ts';

/** The version whose outcomes expected.ts tells. */
const version = '1.60.1';

/**
 * Fetches Debian's source package of rclone, with Debian's patches, into the new folder `rclone`, and answers the folder below
 * `dir` that Debian's Go and its libraries are unpacked in. By apt alone and without root: apt works on lists and a state of its
 * own below `dir`, and nothing is installed. About 180 MB over the network, 1.2 GB unpacked.
 */
export async function fetchSources(dir: string, rclone: string): Promise<string> {
  const apt = await createApt(dir);
  await runNicely('apt-get', [...apt, '-q', '--download-only', '--only-source', 'source', 'rclone'], { cwd: dir });
  const description = readdirSync(dir).find((name) => name.startsWith('rclone_') && name.endsWith('.dsc'));
  if (description?.startsWith(`rclone_${version}`) !== true) {
    throw new Error(`this system's rclone is ${description ?? 'not there'}, and not ${version}`);
  }
  // apt has checked it against the signed lists.
  await runNicely('dpkg-source', ['--no-check', '-x', description, rclone], { cwd: dir });
  return fetchGo(dir, apt);
}

/** Go and its libraries, of all that is needed to build rclone: the rest is about making a package. */
async function fetchGo(dir: string, apt: readonly string[]): Promise<string> {
  const packages = path.join(dir, 'packages');
  const system = path.join(dir, 'system');
  for (const folder of [packages, system]) mkdirSync(folder);
  const planned = await runQuietly('apt-get', [...apt, '--print-uris', 'build-dep', 'rclone'], { cwd: dir });
  const names = [...planned.matchAll(/^'\S+' (golang-[^_\s]+)_/gm)].map(([, name]) => name as string);
  await runNicely('apt-get', [...apt, '-qq', 'download', ...names], { cwd: packages });
  for (const name of readdirSync(packages)) {
    await runNicely('dpkg-deb', ['-x', path.join(packages, name), system], { cwd: dir });
  }
  rmSync(packages, { recursive: true });
  return system;
}

/** apt's options for a state of its own, in which nothing is installed and sources count. */
async function createApt(dir: string): Promise<string[]> {
  const [lists, cache, sources, status] = ['lists', 'cache', 'sources.list', 'status'].map((name) =>
    path.join(dir, name),
  ) as [string, string, string, string];
  for (const folder of [lists, cache]) mkdirSync(path.join(folder, 'partial'), { recursive: true });
  writeFileSync(status, '');
  writeFileSync(sources, await describeArchives(dir));
  const options = {
    'Dir::Etc::SourceList': sources,
    'Dir::Etc::SourceParts': '/dev/null',
    'Dir::State::Lists': lists,
    'Dir::State::status': status,
    'Dir::Cache': cache,
    // A folder below a home is closed to apt's own user.
    'APT::Sandbox::User': 'root',
  };
  const apt = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  await runNicely('apt-get', [...apt, '-q', 'update'], { cwd: dir });
  return apt;
}

/** The archives of Debian or Ubuntu that this system uses; not those of others, which have no sources. */
async function describeArchives(dir: string): Promise<string> {
  const format = '$(REPO_URI) $(RELEASE) $(COMPONENT)';
  const told = await runQuietly('apt-get', ['indextargets', '--format', format, 'Created-By: Packages'], { cwd: dir });
  const archives = [...new Set(told.split('\n'))].filter((line) => /^\S+\/(debian|ubuntu)(-security)?\/? /.test(line));
  if (archives.length === 0) throw new Error('no archive of Debian or Ubuntu is set up here');
  return archives.flatMap((archive) => [`deb ${archive}`, `deb-src ${archive}`, '']).join('\n');
}
