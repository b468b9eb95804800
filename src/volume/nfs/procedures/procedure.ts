import { type ErrnoCode, ErrnoError } from '../../../base/errno.ts';
import type { Ino } from '../../../store/nodeRow.ts';
import { toErrno } from '../../../vfs/errors.ts';
import type { NfsContext } from '../context.ts';
import { nfsLimits } from '../limits.ts';
import { TooLate, TryLater } from '../patience.ts';
import { XdrError, type XdrReader, type XdrWriter } from '../xdr.ts';

/** Writes a part of an answer. */
export type Write = (writer: XdrWriter) => void;

/** What a procedure does with its arguments: `work` answers how the result is written, `failed` writes what follows an error. */
export interface Plan {
  readonly work: () => Write | Promise<Write>;
  readonly failed: Write;
}

export interface Procedure {
  readonly name: string;
  /** Must not run twice when a client sends it again. */
  readonly once?: true;
  /** Changes the volume: refused on a read-only one before anything is looked at. */
  readonly changes?: true;
  /** Reads the arguments; throws XdrError, and ErrnoError for a handle that is none of ours. */
  readonly plan: (context: NfsContext, args: XdrReader) => Plan;
  /** What follows an error that the arguments themselves made. */
  readonly failedArguments: Write;
}

const ioError = 5;
const jukebox = 10008;

/** nfsstat3 (RFC 1813 §2.6) of what the VFS refuses; the rest is NFS3ERR_IO. */
const statusOf: Partial<Record<ErrnoCode, number>> = {
  EPERM: 1,
  ENOENT: 2,
  EIO: ioError,
  ENXIO: 6,
  EACCES: 13,
  EBUSY: 13,
  EEXIST: 17,
  EXDEV: 18,
  ENODEV: 19,
  ENOTDIR: 20,
  EISDIR: 21,
  EINVAL: 22,
  EILSEQ: 22,
  EFBIG: 27,
  ENOSPC: 28,
  EROFS: 30,
  EMLINK: 31,
  ENAMETOOLONG: 63,
  ENOTEMPTY: 66,
  EDQUOT: 69,
  ESTALE: 70,
};

/** SETATTR's guard did not hold: somebody changed the node meanwhile. */
export class NotInStep extends Error {}
const notInStep = 10002;

/** Runs a procedure and writes its status and result. Throws XdrError only. */
export async function runProcedure(
  context: NfsContext,
  { name, plan, changes, failedArguments }: Procedure,
  args: XdrReader,
  writer: XdrWriter,
): Promise<void> {
  const fail = (error: unknown, failed: Write) => {
    writer.u32(toStatus(context, name, error));
    failed(writer);
  };
  let planned: Plan;
  try {
    planned = plan(context, args);
  } catch (error) {
    if (error instanceof XdrError) throw error;
    fail(error, failedArguments);
    return;
  }
  try {
    if (changes && context.view.readOnly) throw new ErrnoError('EROFS', 'the volume is mounted read-only');
    const result = await planned.work();
    writer.u32(0);
    result(writer);
  } catch (error) {
    fail(error, planned.failed);
  }
}

function toStatus({ view }: NfsContext, operation: string, error: unknown): number {
  if (error instanceof TryLater) return jukebox;
  if (error instanceof NotInStep) return notInStep;
  if (error instanceof TooLate) return ioError;
  const errno = toErrno(error);
  if (errno.code === 'EIO') view.log.error('file operation failed', { operation, error: errno });
  else if (errno.cause !== undefined) view.log.info('file operation refused', { operation, error: errno });
  return statusOf[errno.code] ?? ioError;
}

/** A file handle of ours. */
export function readHandle({ handles }: NfsContext, args: XdrReader): Ino {
  return handles.toIno(args.opaque(nfsLimits.handleBytes));
}

/** A name in a folder. EILSEQ where it is not UTF-8, EINVAL where it is no single name. */
export function readName(args: XdrReader): string {
  const name = args.text(nfsLimits.nameBytes);
  if (name === undefined) throw new ErrnoError('EILSEQ', 'the name is not UTF-8');
  if (name === '' || name.includes('/') || name.includes('\0')) throw new ErrnoError('EINVAL', 'not a file name');
  return name;
}

/** post_op_attr, or each side of wcc_data, where there is nothing to tell. */
export const nothing: Write = (writer) => void writer.bool(false);
export const nothingBeforeAndAfter: Write = (writer) => void writer.bool(false).bool(false);
