import { timingSafeEqual } from 'node:crypto';
import type { Ino } from '../../store/nodeRow.ts';
import { splitPath } from '../../vfs/names.ts';
import type { NfsContext } from './context.ts';
import { nfsLimits } from './limits.ts';
import type { XdrReader, XdrWriter } from './xdr.ts';

/** Procedures of the MOUNT protocol, version 3 (RFC 1813, appendix I). */
const mount = { null: 0, mnt: 1, dump: 2, umnt: 3, umntall: 4, export: 5 };
const noSuchExport = 2;
const authSys = 1;

/** The path under which a volume is given out. */
export interface Export {
  readonly path: string;
  /** It is given out a single time: to the client that the drive itself tells to mount. */
  readonly once: boolean;
}

/** Is this the path under which the volume is given out now? Who asks gets it. */
export type TakeExport = (path: string) => boolean;

export function createExport(offered: Export | undefined): TakeExport {
  let open = offered;
  return (path) => {
    if (open === undefined || !isSame(path, open.path)) return false;
    if (open.once) open = undefined;
    return true;
  };
}

/**
 * Runs a procedure of the MOUNT protocol; false for one that there is not. Nothing lists what is exported or mounted: the
 * path is the secret by which the volume, or a folder of it, is given out.
 */
export async function runMountProcedure(
  context: NfsContext,
  takeExport: TakeExport,
  procedure: number,
  args: XdrReader,
  writer: XdrWriter,
): Promise<boolean> {
  switch (procedure) {
    case mount.null:
    case mount.umnt:
    case mount.umntall:
      return true;
    case mount.mnt: {
      const folder = await findFolder(context, takeExport, args.text(nfsLimits.pathBytes) ?? '');
      if (folder === undefined) writer.u32(noSuchExport);
      else writer.u32(0).opaque(context.handles.toHandle(folder)).u32(1).u32(authSys);
      return true;
    }
    case mount.dump:
    case mount.export:
      writer.bool(false);
      return true;
    default:
      return false;
  }
}

/** The export itself or a folder below it; undefined when there is none, or the export is not named rightly. */
async function findFolder({ view }: NfsContext, takeExport: TakeExport, path: string): Promise<Ino | undefined> {
  const [first = '', ...names] = splitPath(path);
  if (!takeExport(`/${first}`)) return undefined;
  try {
    const { ino, kind } = await view.vfs.resolve(view.root, names);
    return kind === 'file' ? undefined : ino;
  } catch {
    return undefined;
  }
}

/** In a time that tells nothing of where they differ. */
function isSame(a: string, b: string): boolean {
  const [one, other] = [Buffer.from(a), Buffer.from(b)];
  return one.length === other.length && timingSafeEqual(one, other);
}
