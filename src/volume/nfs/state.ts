import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import type { Ino } from '../../store/nodeRow.ts';

/** A volume as clients know it: after a restart it is served again under the same port, as long as it is the same. */
export interface ServedVolume {
  readonly port: number;
  readonly root: Ino;
  readonly readOnly: boolean;
}

/** What must be the same after a restart, so that volumes go on. */
export interface NfsState {
  /** 32 bytes. */
  readonly secret: Buffer;
  getVolume(mountPoint: string): ServedVolume | undefined;
  /** undefined: it was unmounted. */
  keepVolume(mountPoint: string, volume: ServedVolume | undefined): Promise<void>;
}

const secretBytes = 32;

/** Reads `file`, or makes it (mode 0600). One that cannot be understood is made anew: volumes of before are then mounted anew. */
export async function loadNfsState(file: string): Promise<NfsState> {
  const { secret, volumes } = parseState(await readOwn(file)) ?? {
    secret: randomBytes(secretBytes),
    volumes: new Map(),
  };
  let last: Promise<void> = Promise.resolve();
  const save = () => {
    last = last.catch(() => {}).then(() => writeOwn(file, { secret, volumes }));
    return last;
  };
  await save();
  return {
    secret,
    getVolume: (mountPoint) => volumes.get(mountPoint),
    keepVolume: (mountPoint, volume) => {
      if (volume === undefined) volumes.delete(mountPoint);
      else volumes.set(mountPoint, volume);
      return save();
    },
  };
}

interface Stored {
  readonly secret: Buffer;
  readonly volumes: Map<string, ServedVolume>;
}

function parseState(text: string | undefined): Stored | undefined {
  try {
    const { secret, volumes } = JSON.parse(text ?? '') as { secret: unknown; volumes: unknown };
    const bytes = Buffer.from(String(secret), 'hex');
    if (bytes.length !== secretBytes || typeof volumes !== 'object' || volumes === null) return undefined;
    const known = Object.entries(volumes).filter((entry): entry is [string, ServedVolume] => isVolume(entry[1]));
    return { secret: bytes, volumes: new Map(known) };
  } catch {
    return undefined;
  }
}

function isVolume(value: unknown): value is ServedVolume {
  const { port, root, readOnly } = (value ?? {}) as Partial<ServedVolume>;
  const isPort = typeof port === 'number' && Number.isInteger(port) && port > 0 && port < 65_536;
  return isPort && Number.isSafeInteger(root) && typeof readOnly === 'boolean';
}

async function readOwn(file: string): Promise<string | undefined> {
  try {
    await using handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW);
    return await handle.readFile('utf8');
  } catch {
    return undefined;
  }
}

async function writeOwn(file: string, { secret, volumes }: Stored): Promise<void> {
  const next = `${file}.new`;
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;
  {
    await using handle = await open(next, flags, 0o600);
    await handle.chmod(0o600);
    await handle.writeFile(JSON.stringify({ secret: secret.toString('hex'), volumes: Object.fromEntries(volumes) }));
    await handle.sync();
  }
  await rename(next, file);
}
