import type { Attr } from '../../../vfs/vfs.ts';
import { applyChanges, getAttr, getBefore, readChanges, writeAttr, writePostAttr, writeWcc } from '../attributes.ts';
import { noteChangedNode } from '../context.ts';
import { NotInStep, nothing, nothingBeforeAndAfter, type Procedure, readHandle } from './procedure.ts';

export const getattr: Procedure = {
  name: 'getattr',
  failedArguments: () => {},
  plan: (context, args) => {
    const ino = readHandle(context, args);
    return {
      failed: () => {},
      work: () => {
        const attr = getAttr(context, ino);
        return (writer) => writeAttr(context, writer, attr);
      },
    };
  },
};

export const setattr: Procedure = {
  name: 'setattr',
  once: true,
  changes: true,
  failedArguments: nothingBeforeAndAfter,
  plan: (context, args) => {
    const ino = readHandle(context, args);
    const wanted = readChanges(args);
    /** Seconds of the ctime that the client knows of. */
    const guard = args.bool() ? { sec: args.u32(), nsec: args.u32() } : undefined;
    const before = getBefore(context, ino);
    return {
      failed: (writer) => writeWcc(context, writer, before, ino),
      work: async () => {
        const { ctimeMs } = getAttr(context, ino);
        if (guard !== undefined && guard.sec !== Math.floor(ctimeMs / 1000)) throw new NotInStep();
        await applyChanges(context, ino, wanted);
        noteChangedNode(context, ino);
        return (writer) => writeWcc(context, writer, before, ino);
      },
    };
  },
};

/** Bits of ACCESS. */
const access = { read: 0x01, lookup: 0x02, modify: 0x04, extend: 0x08, remove: 0x10, execute: 0x20 };

/** What the owner's bits allow: the caller is nobody else. A link allows all, as its target decides. */
function getAllowed({ kind, mode }: Attr, readOnly: boolean): number {
  const isFolder = kind === 'folder';
  const bits = kind === 'link' ? 0o700 : mode;
  const reading = (bits & 0o400) === 0 ? 0 : access.read;
  const changing = access.modify | access.extend | (isFolder ? access.remove : 0);
  const writing = readOnly || (bits & 0o200) === 0 ? 0 : changing;
  const passing = (bits & 0o100) === 0 ? 0 : isFolder ? access.lookup : access.execute;
  return reading | writing | passing;
}

/** Answers which of the wanted bits would succeed. */
export const accessProcedure: Procedure = {
  name: 'access',
  failedArguments: nothing,
  plan: (context, args) => {
    const ino = readHandle(context, args);
    const wanted = args.u32();
    return {
      failed: (writer) => writePostAttr(context, writer, ino),
      work: () => {
        const allowed = getAllowed(getAttr(context, ino), context.view.readOnly);
        return (writer) => void writePostAttr(context, writer, ino).u32(wanted & allowed);
      },
    };
  },
};
