import type { Clock } from '../../base/clock.ts';
import { Flights } from '../../base/flights.ts';
import { Recent } from '../../base/recent.ts';
import type { ContentSource } from '../../content/downloads.ts';
import type { Nodes } from '../../store/nodes.ts';
import type { Link } from '../../sync/tree/link.ts';
import { getWirePath } from '../../sync/tree/paths.ts';
import { isRemoteError, type Remote, RemoteError, type WirePath } from '../../sync/tree/remote.ts';

interface Place {
  readonly path: WirePath;
  /** null: not listed since it was uploaded from here. */
  readonly revision: number | null;
}

/** Contents whose place outside the table is remembered: as many as are read side by side, and more. */
const rememberedPlaces = 1_000;

export interface SourceDeps {
  readonly nodes: Nodes;
  readonly remote: Remote;
  readonly link: Link;
  readonly clock: Clock;
  /** Nobody can ask for this content where it is. */
  readonly onUnreachable: (md5: string) => void;
}

/** How often a download goes on after a cut. */
const resumptions = 5;

/**
 * Content by md5, from any place on the server that holds it: a file of the table; else the place that once held it, in the
 * trash or as an older revision; else wherever its mountpoint has it now. All but the table are asked for the md5 first:
 * another file may have the path by now. Rejects with RemoteError `vanished` when it is in none of them.
 */
export function createSource(deps: SourceDeps): ContentSource {
  const { nodes, remote, onUnreachable } = deps;
  const searches = new Flights<string, Place | undefined>();
  const found = new Recent<string, Place>(rememberedPlaces);
  const doubted = new Recent<string, true>(rememberedPlaces);
  const findKnown = (md5: string) => (doubted.has(md5) ? undefined : findHolder(nodes, md5)) ?? found.get(md5);
  return {
    comesWhole: ({ md5 }) => {
      const known = findKnown(md5);
      return known !== undefined && remote.comesWhole(known.path, md5);
    },
    openRange: ({ md5, size }, start, end, signal) => {
      const openAt = async ({ path, revision }: Place, at: number) => {
        try {
          return await remote.openRange(path, { start: at, end, size, revision, md5 }, signal);
        } catch (error) {
          if (isRemoteError(error, 'unreachableName')) onUnreachable(md5);
          throw error;
        }
      };
      return openResumed(deps, start, signal, async (at) => {
        const known = findKnown(md5);
        if (known !== undefined) {
          try {
            return await openAt(known, at);
          } catch (error) {
            // Moved, removed or written over since the last listing.
            if (!isRemoteError(error, 'notFound')) throw error;
          }
        }
        const place = await searches.run(md5, () => search(nodes, remote, md5, signal));
        if (place === undefined) throw new RemoteError('vanished', 'the content is nowhere on the server any more');
        found.set(md5, place);
        return openAt(place, at);
      });
    },
    doubt: (md5) => {
      found.delete(md5);
      doubted.set(md5, true);
    },
  };
}

/**
 * The chunks that `open` gives from `start` on. Where a connection is cut in the middle, or the network goes for a moment, it is
 * asked for the rest: programs give up a copy whose read fails.
 */
async function openResumed(
  { link, clock }: SourceDeps,
  start: number,
  signal: AbortSignal,
  open: (at: number) => Promise<AsyncIterable<Buffer>>,
): Promise<AsyncIterable<Buffer>> {
  let left = resumptions;
  let waitingSince = clock.now();
  const waitAfter = async (error: unknown) => {
    if (!isRemoteError(error, 'incomplete') || left === 0) await link.waitAfter(error, waitingSince, signal);
    else left -= 1;
  };
  const openAt = async (at: number): Promise<AsyncIterable<Buffer>> => {
    for (;;) {
      try {
        return await open(at);
      } catch (error) {
        await waitAfter(error);
      }
    }
  };
  const first = await openAt(start);
  return (async function* () {
    let at = start;
    for (let chunks = first; ; chunks = await openAt(at)) {
      try {
        for await (const chunk of chunks) {
          at += chunk.length;
          yield chunk;
          waitingSince = clock.now();
        }
        return;
      } catch (error) {
        await waitAfter(error);
      }
    }
  })();
}

function findHolder(nodes: Nodes, md5: string): Place | undefined {
  const holder = nodes.getHolder(md5);
  const path = holder === undefined ? undefined : getWirePath(nodes, holder.ino);
  return path === undefined ? undefined : { path, revision: holder?.synced?.revision ?? null };
}

async function search(nodes: Nodes, remote: Remote, md5: string, signal: AbortSignal): Promise<Place | undefined> {
  const paths = findFormerPaths(nodes, md5);
  for (const path of paths) {
    const revision = await findRevision(remote, path, md5, signal);
    if (revision !== undefined) return { path, revision };
  }
  const mountpoint = paths[0]?.slice(0, 2);
  if (mountpoint === undefined) return undefined;
  const path = await findInTree(remote, mountpoint, md5, signal);
  const revision = path === undefined ? undefined : await findRevision(remote, path, md5, signal);
  return path === undefined || revision === undefined ? undefined : { path, revision };
}

/** Where it was, and where that is now if its folder was moved from here. */
function findFormerPaths(nodes: Nodes, md5: string): WirePath[] {
  const holder = nodes.getHolder(md5);
  const held = holder === undefined ? undefined : getWirePath(nodes, holder.ino);
  const former = nodes.facts.getFormerPlace(md5);
  const folder = former?.parent === undefined ? undefined : getWirePath(nodes, former.parent);
  const moved = former === undefined || folder === undefined ? undefined : [...folder, former.path.at(-1) as string];
  return [moved, former?.path, held].filter((path) => path !== undefined);
}

async function findRevision(remote: Remote, path: WirePath, md5: string, signal: AbortSignal) {
  try {
    const revisions = await remote.fetchRevisions(path, signal);
    return revisions.find((file) => file.md5 === md5)?.revision;
  } catch (error) {
    if (!isRemoteError(error, 'notFound')) throw error;
    return undefined;
  }
}

/** One recursive listing: it was moved to where nobody has looked yet. */
async function findInTree(remote: Remote, mountpoint: WirePath, md5: string, signal: AbortSignal) {
  for await (const entry of remote.fetchTree(mountpoint, signal)) {
    if (entry.kind === 'file' && entry.md5 === md5) return [...mountpoint, ...entry.wire];
  }
  return undefined;
}
