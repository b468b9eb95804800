import { isUtf8 } from 'node:buffer';
import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '../../base/log.ts';
import { inParallel } from '../../base/parallel.ts';
import type { Ino, NodeRow } from '../../store/nodeRow.ts';
import type { Nodes } from '../../store/nodes.ts';
import { writebackLimits } from '../tree/limits.ts';
import { getLinkName } from '../tree/links.ts';
import type { TreeChange } from './mergeResult.ts';

export interface LinkTargetsDeps {
  readonly nodes: Nodes;
  readonly log: Log;
  /** The content of a small file, checked by its md5. */
  readonly readContent: (content: { readonly md5: string; readonly size: number }) => Promise<Buffer>;
}

/**
 * Reads the targets of the link files in `folder` that came from the server: where a link leads decides whether it is shown
 * as one. Until then it is shown as the file it is. Waits a while for them; `onChange` hears of each that is shown as a
 * link from now on, of those that come later too. What cannot be read is tried again after the next listing.
 */
export async function readLinkTargets(
  deps: LinkTargetsDeps,
  folder: Ino,
  onChange: (changes: readonly TreeChange[]) => void,
): Promise<void> {
  const unread = deps.nodes.getLinks(folder).filter(mayBeLink);
  if (unread.length === 0) return;
  const work = inParallel(unread, writebackLimits.parallelTargets, async (row) => {
    try {
      const bytes = await deps.readContent({ md5: row.md5 ?? '', size: row.size });
      if (settle(deps.nodes, row, bytes)) onChange([{ parent: folder, name: row.name }]);
    } catch (error) {
      deps.log.debug('the target of a link was not read', { ino: row.ino, error });
    }
  });
  await Promise.race([work, delay(writebackLimits.targetsWaitMs, undefined, { ref: false })]);
}

function mayBeLink({ link, md5, staging, size }: NodeRow): boolean {
  return link === 'new' && md5 !== null && staging === null && size > 0 && size <= writebackLimits.linkTargetMax;
}

/** The file may have changed meanwhile, or its bare name be another's. */
function settle(nodes: Nodes, { ino, md5 }: NodeRow, bytes: Buffer): boolean {
  const row = nodes.get(ino);
  if (row === undefined || row.parent === null || !mayBeLink(row) || row.md5 !== md5) return false;
  const isFree = nodes.getChild(row.parent, getLinkName(row.name) ?? '') === undefined;
  const isTarget = isUtf8(bytes) && !bytes.includes(0);
  nodes.update(ino, isFree && isTarget ? { link: 'foreign', target: bytes.toString() } : { link: 'file' });
  return isFree && isTarget;
}
