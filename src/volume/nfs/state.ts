import { constants } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import type { Ino } from '../../store/nodeRow.ts';

/** A volume as clients know it: after a restart it is served again under the same port, as long as it is the same. */
export interface ServedVolume {
  readonly port: number;
  readonly root: Ino;
  readonly readOnly: boolean;
  /** 64 hex digits, what its handles are made with (handles.ts): another one each time that it is mounted. */
  readonly secret: string;
}

/** What must be the same after a restart, so that volumes go on. */
export interface NfsState {
  getVolume(mountPoint: string): ServedVolume | undefined;
  /** undefined: it was unmounted. */
  keepVolume(mountPoint: string, volume: ServedVolume | undefined): Promise<void>;
}

/** Reads `file`, or makes it (mode 0600). One that cannot be understood is made anew: volumes of before are then mounted anew. */
export async function loadNfsState(file: string): Promise<NfsState> {
  const volumes = parseVolumes(await readOwn(file));
  let last: Promise<void> = Promise.resolve();
  const save = () => {
    last = last.catch(() => {}).then(() => writeOwn(file, volumes));
    return last;
  };
  await save();
  return {
    getVolume: (mountPoint) => volumes.get(mountPoint),
    keepVolume: (mountPoint, volume) => {
      if (volume === undefined) volumes.delete(mountPoint);
      else volumes.set(mountPoint, volume);
      return save();
    },
  };
}

/** Where `file` says that volumes are mounted. Makes no file; empty where none can be understood. */
export async function findMountPoints(file: string): Promise<string[]> {
  const mountPoints = [...parseVolumes(await readOwn(file)).keys()];
  // A volume that is only served has no mount point.
  return mountPoints.filter((mountPoint) => mountPoint !== '');
}

function parseVolumes(text: string | undefined): Map<string, ServedVolume> {
  try {
    const { volumes } = JSON.parse(text ?? '') as { volumes: unknown };
    if (typeof volumes !== 'object' || volumes === null) return new Map();
    return new Map(Object.entries(volumes).filter((entry): entry is [string, ServedVolume] => isVolume(entry[1])));
  } catch {
    return new Map();
  }
}

function isVolume(value: unknown): value is ServedVolume {
  const { port, root, readOnly, secret } = (value ?? {}) as Partial<ServedVolume>;
  const isPort = typeof port === 'number' && Number.isInteger(port) && port > 0 && port < 65_536;
  const isSecret = typeof secret === 'string' && /^[0-9a-f]{64}$/.test(secret);
  return isPort && isSecret && Number.isSafeInteger(root) && typeof readOnly === 'boolean';
}

async function readOwn(file: string): Promise<string | undefined> {
  try {
    await using handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW);
    return await handle.readFile('utf8');
  } catch {
    return undefined;
  }
}

async function writeOwn(file: string, volumes: ReadonlyMap<string, ServedVolume>): Promise<void> {
  const next = `${file}.new`;
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;
  {
    await using handle = await open(next, flags, 0o600);
    await handle.chmod(0o600);
    await handle.writeFile(JSON.stringify({ volumes: Object.fromEntries(volumes) }));
    await handle.sync();
  }
  await rename(next, file);
}
