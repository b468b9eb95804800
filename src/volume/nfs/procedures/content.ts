import { ErrnoError } from '../../../base/errno.ts';
import type { Ino } from '../../../store/nodeRow.ts';
import { getAttr, getBefore, writePostAttr, writeWcc } from '../attributes.ts';
import type { NfsContext } from '../context.ts';
import { isHint } from '../hints.ts';
import { nfsLimits } from '../limits.ts';
import { XdrError } from '../xdr.ts';
import { nothing, nothingBeforeAndAfter, type Procedure, readHandle } from './procedure.ts';

export const read: Procedure = {
  name: 'read',
  failedArguments: nothing,
  plan: (context, args) => {
    const ino = readHandle(context, args);
    const position = args.u64();
    const length = Math.min(args.u32(), nfsLimits.transferBytes);
    return {
      failed: (writer) => writePostAttr(context, writer, ino),
      work: async () => {
        getAttr(context, ino);
        const { patience, files } = context;
        // A client that was told to try later asks for the same again; what was changed meanwhile is read anew.
        const key = `read ${ino} ${position} ${length} ${files.getChange(ino)}`;
        const bytes = await patience.run(key, () => readBytes(context, ino, position, length));
        const isEnd = position + bytes.length >= getAttr(context, ino).size;
        return (writer) => void writePostAttr(context, writer, ino).u32(bytes.length).bool(isEnd).opaque(bytes);
      },
    };
  },
};

async function readBytes(context: NfsContext, ino: Ino, position: number, length: number): Promise<Buffer> {
  const { files, view, storm } = context;
  if (isHint(ino)) return Buffer.alloc(0);
  const asks = storm !== undefined && view.previewsStayLocal() && !view.vfs.isLocal(ino);
  if (asks && (await storm.isOnlyDaemons(ino))) throw new ErrnoError('EACCES', 'a preview of what is not here');
  return files.use(ino, 'reading', (fh) => view.vfs.read(fh, position, length));
}

/** stable_how: the client keeps the bytes until a COMMIT, or they are to be on the disk when the call is answered. */
const unstable = 0;
const fileSync = 2;

export const write: Procedure = {
  name: 'write',
  changes: true,
  failedArguments: nothingBeforeAndAfter,
  plan: (context, args) => {
    const ino = readHandle(context, args);
    const position = args.u64();
    args.u32(); // length of what follows, told twice
    const stable = args.u32();
    if (stable > fileSync) throw new XdrError('no such stability');
    const bytes = args.opaque(nfsLimits.transferBytes);
    const before = getBefore(context, ino);
    return {
      failed: (writer) => writeWcc(context, writer, before, ino),
      work: async () => {
        getAttr(context, ino);
        const { files, view } = context;
        await files.use(ino, 'writing', (fh) => view.vfs.write(fh, bytes, position));
        if (stable !== unstable) await view.vfs.syncFile(ino);
        return (writer) =>
          void writeWcc(context, writer, before, ino)
            .u32(bytes.length)
            .u32(stable === unstable ? unstable : fileSync)
            .fixed(context.verifier);
      },
    };
  },
};

export const commit: Procedure = {
  name: 'commit',
  changes: true,
  failedArguments: nothingBeforeAndAfter,
  plan: (context, args) => {
    const ino = readHandle(context, args);
    args.u64(); // the whole file is made durable, whatever part was asked for
    args.u32();
    const before = getBefore(context, ino);
    return {
      failed: (writer) => writeWcc(context, writer, before, ino),
      work: async () => {
        getAttr(context, ino);
        await context.view.vfs.syncFile(ino);
        // A client commits when a program closes the file, or asks for it: either way it may be uploaded.
        context.files.finishWriting(ino);
        return (writer) => void writeWcc(context, writer, before, ino).fixed(context.verifier);
      },
    };
  },
};
