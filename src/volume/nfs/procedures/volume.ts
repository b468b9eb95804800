import { vfsLimits } from '../../../vfs/limits.ts';
import { writePostAttr } from '../attributes.ts';
import { nfsLimits } from '../limits.ts';
import { nothing, type Procedure, readHandle } from './procedure.ts';

export const fsstat: Procedure = {
  name: 'fsstat',
  failedArguments: nothing,
  plan: (context, args) => {
    const ino = readHandle(context, args);
    return {
      failed: (writer) => writePostAttr(context, writer, ino),
      work: () => {
        const { used, total } = context.view.getQuota();
        const size = total < 0 ? used + vfsLimits.unlimitedBytes : total;
        const free = Math.max(0, size - used);
        return (writer) => {
          writePostAttr(context, writer, ino).u64(size).u64(free).u64(free);
          // The service counts no files.
          writer
            .u64(2 ** 32)
            .u64(2 ** 31)
            .u64(2 ** 31);
          writer.u32(0); // may change at any moment
        };
      },
    };
  },
};

/** FSINFO: there are symbolic links, all folders are alike, times can be set. */
const properties = 0x02 | 0x08 | 0x10;

export const fsinfo: Procedure = {
  name: 'fsinfo',
  failedArguments: nothing,
  plan: (context, args) => {
    const ino = readHandle(context, args);
    const { transferBytes, directoryBytes } = nfsLimits;
    const unit = vfsLimits.statfsBlock;
    return {
      failed: (writer) => writePostAttr(context, writer, ino),
      work: () => (writer) => {
        writePostAttr(context, writer, ino);
        writer.u32(transferBytes).u32(transferBytes).u32(unit); // reading
        writer.u32(transferBytes).u32(transferBytes).u32(unit); // writing
        writer.u32(directoryBytes).u64(vfsLimits.fileMax);
        writer.u32(0).u32(1); // times are kept to the nanosecond here
        writer.u32(properties);
      },
    };
  },
};

export const pathconf: Procedure = {
  name: 'pathconf',
  failedArguments: nothing,
  plan: (context, args) => {
    const ino = readHandle(context, args);
    return {
      failed: (writer) => writePostAttr(context, writer, ino),
      work: () => (writer) => {
        writePostAttr(context, writer, ino).u32(1).u32(vfsLimits.nameMax);
        writer.bool(true); // a longer name is refused, not cut
        writer.bool(true); // only the owner may give a file away
        writer.bool(true).bool(true); // case-insensitive, case-preserving
      },
    };
  },
};
