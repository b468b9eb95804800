import { nfsLimits } from './limits.ts';
import { XdrError, XdrReader, XdrWriter } from './xdr.ts';

// ONC RPC version 2 (RFC 5531), as much of it as an NFSv3 server needs.

/** Who calls, as the client's kernel says it; undefined without AUTH_SYS. */
export interface Credential {
  readonly uid: number;
}

export interface RpcCall {
  readonly xid: number;
  readonly program: number;
  readonly version: number;
  readonly procedure: number;
  readonly credential: Credential | undefined;
  /** What follows the header. */
  readonly args: XdrReader;
}

const messageCall = 0;
const rpcVersion = 2;
const authSys = 1;

/** The call in a record. undefined for what no answer is due to: an answer, or too little for a header. */
export function parseCall(record: Buffer): RpcCall | 'wrongVersion' | undefined {
  const reader = new XdrReader(record);
  try {
    const xid = reader.u32();
    if (reader.u32() !== messageCall) return undefined;
    if (reader.u32() !== rpcVersion) return 'wrongVersion';
    const program = reader.u32();
    const version = reader.u32();
    const procedure = reader.u32();
    const flavor = reader.u32();
    const body = reader.opaque(nfsLimits.credentialBytes);
    reader.u32();
    reader.opaque(nfsLimits.credentialBytes);
    return {
      xid,
      program,
      version,
      procedure,
      credential: flavor === authSys ? parseAuthSys(body) : undefined,
      args: reader,
    };
  } catch (error) {
    if (error instanceof XdrError) return undefined;
    throw error;
  }
}

function parseAuthSys(body: Buffer): Credential {
  const reader = new XdrReader(body);
  reader.u32(); // stamp
  reader.opaque(255); // name of the machine
  return { uid: reader.u32() };
}

/** How a call that reached its program ended (accept_stat). */
export const acceptance = {
  success: 0,
  programUnavailable: 1,
  programMismatch: 2,
  procedureUnavailable: 3,
  garbageArguments: 4,
  systemError: 5,
} as const;

/** Begins an answer that was accepted; the result follows. */
export function accepted(xid: number, state: number): XdrWriter {
  return new XdrWriter().u32(xid).u32(1).u32(0).u32(0).u32(0).u32(state);
}

/** The program is there in another version only. */
export function versionMismatch(xid: number, lowest: number, highest: number): XdrWriter {
  return accepted(xid, acceptance.programMismatch).u32(lowest).u32(highest);
}

/** RPC itself is spoken in another version only. */
export function rpcMismatch(xid: number): XdrWriter {
  return new XdrWriter().u32(xid).u32(1).u32(1).u32(0).u32(rpcVersion).u32(rpcVersion);
}

/** The caller is not who may use this (AUTH_TOOWEAK). */
export function refusedCaller(xid: number): XdrWriter {
  return new XdrWriter().u32(xid).u32(1).u32(1).u32(1).u32(5);
}
