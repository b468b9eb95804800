import { ErrnoError } from '../../base/errno.ts';
import type { Ino } from '../../store/nodeRow.ts';
import type { Attr } from '../../vfs/vfs.ts';
import { hintNames } from '../previews.ts';
import type { VolumeView } from '../volume.ts';

/** The empty files of `hintNames` have the highest numbers that a node could have, and no node. */
const firstHint = Number.MAX_SAFE_INTEGER - hintNames.length + 1;

export function isHint(ino: Ino): boolean {
  return ino >= firstHint;
}

/** The hint that a name stands for where nothing in the folder has that name. */
export function findHint({ root, previewsStayLocal }: VolumeView, folder: Ino, name: string): Ino | undefined {
  const at = folder === root && previewsStayLocal() ? hintNames.indexOf(name) : -1;
  return at < 0 ? undefined : firstHint + at;
}

/** ESTALE once the volume shows them no more. */
export function getHintAttr({ previewsStayLocal }: VolumeView, ino: Ino): Attr {
  if (!previewsStayLocal()) throw new ErrnoError('ESTALE', 'the setting has changed');
  return { ino, kind: 'file', size: 0, mtime: { sec: 0, nsec: 0 }, ctimeMs: 0, mode: 0o444, linked: true };
}
