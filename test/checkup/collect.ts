import { execFile } from 'node:child_process';
import os from 'node:os';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Findings {
  readonly driver: string;
  /** One line a step. */
  readonly results: readonly string[];
  /** Of the drive. */
  readonly log: string;
}

/** Characters of the end of the log: where it went wrong. */
const logEnd = 60_000;
/** ms that one program may take: a table of mounts can hang with a volume that does. */
const commandMs = 10_000;

type Command = readonly [program: string, ...args: string[]];

/** What tells how a system mounts. None needs an administrator. */
export function getCommands(platform: NodeJS.Platform): readonly Command[] {
  const macFuse = '/Library/Filesystems/macfuse.fs/Contents/Info.plist';
  if (platform === 'darwin') {
    return [
      ['/usr/bin/sw_vers'],
      ['/usr/bin/uname', '-a'],
      ['/sbin/mount'],
      ['/usr/bin/nfsstat', '-m'],
      ['/usr/bin/plutil', '-extract', 'CFBundleShortVersionString', 'raw', macFuse],
      ['/usr/bin/kmutil', 'showloaded', '--list-only', '--variant-suffix', 'release'],
      ['/usr/bin/systemextensionsctl', 'list'],
      ['/bin/ls', '-l', '/usr/local/lib/libfuse3.4.dylib', '/sbin/mount_nfs'],
    ];
  }
  return [['uname', '-a'], ['mount'], ['fusermount3', '--version'], ['ls', '-l', '/dev/fuse']];
}

/** A text without the names of the user, of this computer and of what else is mounted, and without the paths of exports. */
export async function collect({ driver, results, log }: Findings): Promise<string> {
  const outputs = await Promise.all(getCommands(process.platform).map(describe));
  const head = `driver ${driver}, Node.js ${process.version}, ${process.platform}-${process.arch}, ${os.release()}`;
  const text = [head, results.join('\n'), ...outputs, log.slice(-logEnd)].join('\n\n');
  return redact(text, { home: os.homedir(), user: os.userInfo().username, host: os.hostname() });
}

export function redact(text: string, { home, user, host }: Record<'home' | 'user' | 'host', string>): string {
  const named = [
    [home, '~'],
    [host, 'HOST'],
    [user, 'USER'],
  ] as const;
  let plain = text.replace(/jottacloud-[0-9a-f]{32}/g, 'jottacloud-EXPORT');
  for (const [name, stand] of named) if (name.length > 1) plain = plain.replaceAll(name, stand);
  return plain;
}

/** How the mount table and `nfsstat -m` begin what they say of a volume of ours, by FUSE or by NFS. */
const ours = /^Jottacloud(@\S+)? on |^\S+:\/jottacloud-| from \S+:\/jottacloud-/;

/** Of what others have mounted, a line of the table keeps the kind: servers, disks and folders have names that people gave them. */
export function hideOthers(output: string): string {
  let isOurs = true;
  const lines = output.split('\n').flatMap((line) => {
    if (!/^\s/.test(line)) isOurs = ours.test(line);
    const kind = / on .* type (\S+) \(/.exec(line)?.[1] ?? / on .* \(([^,)]+)/.exec(line)?.[1];
    if (isOurs || line === '') return [line];
    return kind === undefined ? [] : [`(${kind})`];
  });
  return lines.join('\n');
}

async function describe(command: Command): Promise<string> {
  const [program, ...args] = command;
  const isTable = /mount$/.test(program) || args.includes('-m');
  const output = await run(program, args, { timeout: commandMs }).then(
    ({ stdout, stderr }) => (isTable ? hideOthers(stdout) : stdout) + stderr,
    (error: unknown) => String(error),
  );
  return `$ ${command.join(' ')}\n${output.trim()}`;
}
