/** A program and its arguments. */
export type Command = readonly [program: string, ...args: string[]];

export interface MountRequest {
  readonly port: number;
  /** The secret path of the export. */
  readonly exportPath: string;
  readonly mountPoint: string;
  readonly readOnly: boolean;
}

/** The loopback by its number: a name could be made to mean another computer. */
const server = '127.0.0.1';

/**
 * `mount_nfs` of macOS, which needs no administrator.
 * - `soft`, `intr`, `deadtimeout`: a drive that died is an error after some seconds, and the volume goes away after a minute.
 * - `timeo` in tenths of a second: above the time after which a read is answered "try again later".
 * - `mutejukebox`: that answer is no reason to tell the user that the server does not respond.
 * - `locallocks`: flock and fcntl work on this computer.
 * - `rdirplus`, `actimeo=1`: attributes come with listings and are believed for a second.
 */
export function getMacMountCommand(request: MountRequest): Command {
  const { port, exportPath, mountPoint, readOnly } = request;
  const options = [
    readOnly ? 'ro' : 'rw',
    ...['vers=3', 'tcp', `port=${port}`, `mountport=${port}`, 'noresvport'],
    ...['soft', 'intr', 'timeo=100', 'retrans=5', 'deadtimeout=60', 'mutejukebox'],
    ...['locallocks', 'rdirplus', 'rsize=1048576', 'wsize=1048576', 'readahead=16', 'actimeo=1'],
    ...['nodev', 'nosuid'],
  ];
  return ['/sbin/mount_nfs', '-o', options.join(','), `${server}:${exportPath}`, mountPoint];
}

/** The same for Linux, where mounting takes a superuser. */
export function getLinuxMountCommand({ port, exportPath, mountPoint, readOnly }: MountRequest): Command {
  const options = [
    readOnly ? 'ro' : 'rw',
    ...['vers=3', 'proto=tcp', `port=${port}`, `mountport=${port}`, 'mountproto=tcp', 'noresvport'],
    ...['soft', 'timeo=100', 'retrans=5', 'local_lock=all', 'nolock', 'actimeo=1'],
    ...['rsize=1048576', 'wsize=1048576', 'nodev', 'nosuid'],
  ];
  return ['mount', '-t', 'nfs', '-o', options.join(','), `${server}:${exportPath}`, mountPoint];
}

/** Gentle first; the later ones take the volume away from whoever uses it. */
export function getUnmountCommands(platform: NodeJS.Platform, mountPoint: string, force: boolean): Command[] {
  if (platform === 'darwin') {
    const gentle: Command = ['/sbin/umount', mountPoint];
    const forced: Command[] = [
      ['/sbin/umount', '-f', mountPoint],
      ['/usr/sbin/diskutil', 'unmount', 'force', mountPoint],
    ];
    return force ? forced : [gentle];
  }
  const forced: Command[] = [
    ['umount', '-f', mountPoint],
    ['umount', '-l', mountPoint],
  ];
  return force ? forced : [['umount', mountPoint]];
}
