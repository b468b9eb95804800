import { nameKey } from '../../base/nameKey.ts';
import { matchesSearch, parseSearch } from '../../base/nameSearch.ts';
import type { SearchParams, SearchResult } from '../../protocol/fileMessages.ts';
import type { Ino } from '../../store/nodeRow.ts';
import { getLocalPath, getWirePath, isLocallyWithin } from '../../sync/tree/paths.ts';
import { type FilesContext, find, joinPath } from './context.ts';

type Hit = SearchResult['hits'][number];

/** More rows than are wanted are looked at, because some lie elsewhere. */
const slack = 20;
/** A mountpoint listed this long ago still answers; typing on asks many times. ms. */
const freshMs = 60_000;
/** Names kept of one folder's stream; what is beyond is found by what is known alone. */
const maxNames = 500_000;

/** A folder or file of the stream: its names from the streamed folder down. */
interface Streamed {
  readonly names: readonly string[];
  readonly kind: Hit['kind'];
}
interface Names {
  readonly at: number;
  readonly entries: readonly Streamed[];
}

/** Finds files and folders by a part of their name: among what is known, and when asked in the server's own listing. */
export class Search {
  /** The newest listing, and the path of the folder that it is of. */
  #streamed: { readonly path: string; readonly names: Promise<Names> } | undefined;

  async search(context: FilesContext, params: SearchParams, signal: AbortSignal): Promise<SearchResult> {
    const { limit, deep } = params;
    const hits = new Map<string, Hit>();
    const add = (hit: Hit) => {
      const key = nameKey(hit.path);
      if (!hits.has(key)) hits.set(key, hit);
      return hits.size <= limit;
    };
    await addKnown(context, params, add);
    if (deep && hits.size <= limit) await this.#addStreamed(context, params, add, signal);
    return { hits: [...hits.values()].slice(0, limit), limited: hits.size > limit };
  }

  async #addStreamed(
    context: FilesContext,
    { folder, text }: SearchParams,
    add: (hit: Hit) => boolean,
    signal: AbortSignal,
  ): Promise<void> {
    const wanted = parseSearch(text);
    for (const path of await listStreamable(context, folder)) {
      signal.throwIfAborted();
      const { entries } = await this.#ensureNames(context, path, signal);
      const { ino } = await find(context, path);
      for (const { names, kind } of entries) {
        if (!matchesSearch(names.at(-1) ?? '', wanted)) continue;
        // What is gone from here is still listed until the server has followed.
        if (isGone(context, ino, names)) continue;
        if (!add({ path: joinPath(path, names.join('/')), kind })) return;
      }
    }
  }

  async #ensureNames(context: FilesContext, path: string, signal: AbortSignal): Promise<Names> {
    const known = this.#streamed?.path === path ? await this.#streamed.names.catch(() => undefined) : undefined;
    // Whichever way the clock was set meanwhile.
    if (known !== undefined && Math.abs(context.session.clock.now() - known.at) < freshMs) return known;
    const names = fetchNames(context, path, signal);
    this.#streamed = { path, names };
    return names;
  }
}

async function addKnown(
  context: FilesContext,
  { folder, text, limit }: SearchParams,
  add: (hit: Hit) => boolean,
): Promise<void> {
  const { nodes, vfs } = context.session;
  const top = await find(context, folder);
  for (const row of nodes.findByName(text, (limit + 1) * slack)) {
    const above = row.parent === null ? undefined : getLocalPath(nodes, row.parent);
    if (above === undefined || row.kind === 'device' || row.kind === 'root') continue;
    if (!isLocallyWithin(nodes, row.ino, top.ino)) continue;
    const kind = row.kind === 'file' ? 'file' : 'folder';
    if (!add({ path: joinPath(above, vfs.getShownName(row)), kind })) return;
  }
}

/** The folder itself, or the mountpoints in it: only these and what is below can be streamed. */
async function listStreamable(context: FilesContext, folder: string): Promise<string[]> {
  const row = await find(context, folder);
  if (row.kind !== 'root' && row.kind !== 'device') return [folder];
  const children = await context.session.vfs.readdir(row.ino);
  const inner: string[] = [];
  for (const { name } of children) inner.push(...(await listStreamable(context, joinPath(folder, name))));
  return inner;
}

async function fetchNames(context: FilesContext, path: string, signal: AbortSignal): Promise<Names> {
  const { nodes, remote, clock } = context.session;
  const wire = getWirePath(nodes, (await find(context, path)).ino);
  const entries: Streamed[] = [];
  if (wire !== undefined) {
    for await (const entry of remote.fetchTree(wire, signal)) {
      const { kind, folder } = entry;
      if (kind === 'file') entries.push({ names: [...folder, entry.name], kind });
      else if (kind === 'folder' && folder.length > 0) entries.push({ names: folder, kind });
      if (entries.length >= maxNames) break;
    }
  }
  return { at: clock.now(), entries };
}

/** Was it, or a folder above it, removed or moved here while the server does not know yet? */
function isGone({ session }: FilesContext, top: Ino, names: readonly string[]): boolean {
  let ino = top;
  for (const name of names) {
    const row = session.nodes.getSyncedChild(ino, name);
    if (row === undefined) return false;
    if (row.parent !== ino || row.name !== row.synced?.name) return true;
    ino = row.ino;
  }
  return false;
}
