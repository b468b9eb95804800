import { fetchFolder } from '../listing/listings.ts';
import type { Service } from '../service.ts';
import type { JottaEntry, JottaPath } from '../types.ts';
import { moveItem } from './moves.ts';
import { parseAsideName } from './tempNames.ts';

/**
 * Lists a folder, and finishes the renames that were cut in the middle, whoever began them: an item that waits under its
 * aside name gets the name it was going to have, unless something has it. What cannot be finished is listed as it is.
 */
export async function fetchTidyFolder(service: Service, path: JottaPath, signal: AbortSignal): Promise<JottaEntry[]> {
  const entries = await fetchFolder(service, path, signal);
  const waiting = entries.flatMap(({ kind, name }) => {
    const final = parseAsideName(name);
    if (kind === 'unusable' || final === undefined) return [];
    return [{ kind, from: [...path, name], to: [...path, final] }];
  });
  if (waiting.length === 0) return entries;
  for (const move of waiting) {
    await moveItem(service, move, signal).catch((error) =>
      service.http.log.warn('a rename that was cut in the middle could not be finished', { error }),
    );
  }
  return fetchFolder(service, path, signal);
}
