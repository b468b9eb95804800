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

/** ACCESS bits: the answer says which of the wanted ones would succeed. */
const access = { read: 0x01, lookup: 0x02, modify: 0x04, extend: 0x08, remove: 0x10, execute: 0x20 };

export const accessProcedure: Procedure = {
  name: 'access',
  failedArguments: nothing,
  plan: (context, args) => {
    const ino = readHandle(context, args);
    const wanted = args.u32();
    return {
      failed: (writer) => writePostAttr(context, writer, ino),
      work: () => {
        const { kind, mode } = getAttr(context, ino);
        let allowed = access.read | access.lookup | access.execute;
        if (!context.view.readOnly) allowed |= access.modify | access.extend | access.remove;
        if (kind === 'file' && (mode & 0o111) === 0) allowed &= ~access.execute;
        if (kind !== 'folder') allowed &= ~(access.lookup | access.remove);
        // The one owner's bits: the caller is nobody else.
        if (kind === 'file' && (mode & 0o400) === 0) allowed &= ~access.read;
        if (kind === 'file' && (mode & 0o200) === 0) allowed &= ~(access.modify | access.extend);
        return (writer) => void writePostAttr(context, writer, ino).u32(wanted & allowed);
      },
    };
  },
};
