import { randomBytes } from 'node:crypto';
import { jfs, type ProbeWorld } from './probe.ts';

/** Where the folder of a run is made. */
export const home = ['Jotta', 'Archive'] as const;

const prefix = 'jottacloud-vscode-contract';

/** No run goes on for longer; a folder that is older has nobody any more. ms. */
export const longestRunMs = 3_600_000;

/** The name tells when the run began, because the service gives folders no times. */
export function nameRun(now: number): string {
  return `${prefix}-${formatStamp(now)}-${randomBytes(4).toString('hex')}`;
}

/**
 * Folders of runs that were killed before they could clean up: `old` ones, and those that may still be at work. Looks at the
 * listing alone: the client's own way of listing also finishes renames of a drive that was cut, which are none of our business.
 */
export async function findLeftovers(world: ProbeWorld, now: number): Promise<{ old: string[]; young: string[] }> {
  const { text } = await world.send('GET', jfs(world, home));
  const old: string[] = [];
  const young: string[] = [];
  for (const [, name = '', attributes = ''] of text.matchAll(/<folder name="([^"]*)"([^>]*)>/g)) {
    const begun = parseStamp(name);
    if (begun === undefined || attributes.includes('deleted=')) continue;
    (now - begun > longestRunMs ? old : young).push(name);
  }
  return { old, young };
}

/** `20261129T142805`, UTC. */
function formatStamp(now: number): string {
  return new Date(now).toISOString().replace(/[-:]|\..*$/g, '');
}

function parseStamp(name: string): number | undefined {
  const parts = new RegExp(`^${prefix}-(\\d{4})(\\d\\d)(\\d\\d)T(\\d\\d)(\\d\\d)(\\d\\d)-[0-9a-f]{8}$`).exec(name);
  if (parts === null) return undefined;
  const [, year, month, day, hour, minute, second] = parts;
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(time) ? undefined : time;
}
