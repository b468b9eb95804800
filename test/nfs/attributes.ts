import type { XdrReader, XdrWriter } from '../../src/volume/nfs/xdr.ts';

export interface Attributes {
  readonly type: number;
  readonly mode: number;
  readonly size: number;
  readonly fileid: number;
  readonly mtimeSec: number;
  readonly ctimeSec: number;
  readonly ctimeNsec: number;
}

/** What SETATTR sets; what is absent stays. */
export interface Changes {
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly size?: number;
  readonly mtimeSec?: number;
}

/** sattr3. */
export function writeChanges(writer: XdrWriter, { mode, uid, gid, size, mtimeSec }: Changes): XdrWriter {
  for (const value of [mode, uid, gid]) {
    writer.bool(value !== undefined);
    if (value !== undefined) writer.u32(value);
  }
  writer.bool(size !== undefined);
  if (size !== undefined) writer.u64(size);
  writer.u32(0);
  if (mtimeSec === undefined) return writer.u32(0);
  return writer.u32(2).u32(mtimeSec).u32(0);
}

/** fattr3. */
export function readAttributes(reader: XdrReader): Attributes {
  const type = reader.u32();
  const mode = reader.u32();
  reader.fixed(12);
  const size = reader.u64();
  reader.fixed(24);
  const fileid = reader.u64();
  reader.fixed(8);
  const mtimeSec = reader.u32();
  reader.u32();
  return { type, mode, size, fileid, mtimeSec, ctimeSec: reader.u32(), ctimeNsec: reader.u32() };
}

/** post_op_attr, of which nothing is needed. */
export function readPostAttributes(reader: XdrReader): void {
  if (reader.bool()) readAttributes(reader);
}

/** wcc_data, of which nothing is needed. */
export function readWcc(reader: XdrReader): void {
  if (reader.bool()) reader.fixed(24);
  readPostAttributes(reader);
}
