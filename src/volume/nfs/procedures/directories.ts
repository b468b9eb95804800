import type { Ino } from '../../../store/nodeRow.ts';
import { getFolder, writePostAttr } from '../attributes.ts';
import type { NfsContext } from '../context.ts';
import { nfsLimits } from '../limits.ts';
import type { ListedEntry } from '../listings.ts';
import type { XdrWriter } from '../xdr.ts';
import { nothing, type Plan, type Procedure, readHandle } from './procedure.ts';

/** Attributes of the folder, verifier, and the two words at the end. */
const frameBytes = 4 + 84 + 8 + 8;
/** Fewest bytes of an entry: what more entries than fit are not looked at. */
const entryBytes = 24;
const plusBytes = 4 + 84 + 4 + 4 + 32;

/** Cookies hold over changes and restarts, so that the verifier need not tell them apart. */
const cookieVerifier = Buffer.alloc(8);

export const readdir: Procedure = {
  name: 'readdir',
  failedArguments: nothing,
  plan: (context, args) => {
    const folder = readHandle(context, args);
    const cookie = args.u64();
    args.fixed(cookieVerifier.length);
    const bytes = args.u32();
    return planListing(context, folder, cookie, { bytes, nameBytes: bytes, plus: false });
  },
};

export const readdirplus: Procedure = {
  name: 'readdirplus',
  failedArguments: nothing,
  plan: (context, args) => {
    const folder = readHandle(context, args);
    const cookie = args.u64();
    args.fixed(cookieVerifier.length);
    const nameBytes = args.u32();
    const bytes = args.u32();
    return planListing(context, folder, cookie, { bytes, nameBytes, plus: true });
  },
};

interface Room {
  /** Most bytes of the whole answer. */
  readonly bytes: number;
  /** Most bytes of names, numbers and cookies alone. */
  readonly nameBytes: number;
  readonly plus: boolean;
}

function planListing(context: NfsContext, folder: Ino, cookie: number, room: Room): Plan {
  const { view, listings, patience } = context;
  return {
    failed: (writer) => writePostAttr(context, writer, folder),
    work: async () => {
      getFolder(context, folder);
      const parent = folder === view.root ? folder : (view.vfs.getPlace(folder)?.parent ?? view.root);
      const bytes = Math.min(room.bytes, nfsLimits.transferBytes);
      const most = Math.ceil(bytes / (entryBytes + (room.plus ? plusBytes : 0)));
      const part = await patience.run(`readdir ${folder} ${cookie}`, () => listings.list(folder, parent, cookie, most));
      return (writer) => {
        writePostAttr(context, writer, folder).fixed(cookieVerifier);
        const all = writeEntries(context, writer, part.entries, { ...room, bytes });
        writer.bool(false).bool(all && part.isEnd);
      };
    },
  };
}

/** Writes as many entries as fit, at least one. Answers whether all did. */
function writeEntries(context: NfsContext, writer: XdrWriter, entries: readonly ListedEntry[], room: Room): boolean {
  let bytes = frameBytes;
  let nameBytes = 0;
  for (const [at, entry] of entries.entries()) {
    const name = Buffer.from(entry.name, 'utf8');
    const own = entryBytes + name.length + (-name.length & 3);
    nameBytes += own;
    bytes += own + (room.plus ? plusBytes : 0);
    if (at > 0 && (bytes > room.bytes || nameBytes > room.nameBytes)) return false;
    writer.bool(true).u64(entry.ino).opaque(name).u64(entry.cookie);
    if (!room.plus) continue;
    writePostAttr(context, writer, entry.ino);
    writer.bool(true).opaque(context.handles.toHandle(entry.ino));
  }
  return true;
}
