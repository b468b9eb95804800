import { createHash, randomBytes } from 'node:crypto';
import net from 'node:net';
import type { Clock } from '../../base/clock.ts';
import { Recent } from '../../base/recent.ts';
import type { Ino } from '../../store/nodeRow.ts';
import type { VolumeView } from '../volume.ts';
import { Connections } from './connections.ts';
import { type NfsContext, noteChangedNode, noteNewTime } from './context.ts';
import { DuplicateCalls } from './duplicates.ts';
import { createHandles } from './handles.ts';
import { nfsLimits } from './limits.ts';
import { Listings } from './listings.ts';
import { createExport, type Export, runMountProcedure, type TakeExport } from './mountProgram.ts';
import { OpenFiles } from './openFiles.ts';
import { Patience } from './patience.ts';
import { PreviewStorm } from './previewStorm.ts';
import { readHandle, runProcedure } from './procedures/procedure.ts';
import { procedures } from './procedures/table.ts';
import type { Readers } from './readers.ts';
import { serveRecords } from './records.ts';
import { RemovedFiles } from './removedFiles.ts';
import { acceptance, accepted, parseCall, type RpcCall, refusedCaller, rpcMismatch, versionMismatch } from './rpc.ts';
import { XdrError } from './xdr.ts';

export interface NfsServer {
  readonly port: number;
  /** Something of a node changed without a call of a client: clients see newer times and look again. */
  noteChange(ino: Ino): void;
  /** Closes connections and files; what was written is with the volume afterwards. */
  close(): Promise<void>;
}

export interface NfsServerOptions {
  /** 0: any. */
  readonly port: number;
  /** 32 bytes, known to this user only, the same as long as clients have this volume. */
  readonly secret: Buffer;
  /** Names the account whose tree this is. */
  readonly account: string;
  /** undefined: the volume is given out no more. */
  readonly exported: Export | undefined;
  readonly clock: Pick<Clock, 'now'>;
  /** Which programs of this computer have files of the volume open; undefined where that cannot be told. */
  readonly loadReaders: (() => Promise<Readers>) | undefined;
}

const nfsProgram = 100003;
const mountProgram = 100005;
const version = 3;
const superuser = 0;

/**
 * Serves `view` by NFSv3 on a port of this computer's loopback, with its MOUNT protocol on the same port. Rejects with the
 * error of listen(2). Who may use it: a client that shows a handle made with the secret, and says it works for the view's
 * user, or for root as kernels do in their own name.
 */
export async function startNfsServer(view: VolumeView, options: NfsServerOptions): Promise<NfsServer> {
  const { port } = options;
  const takeExport = createExport(options.exported);
  const account = createHash('sha256').update(options.account).digest().subarray(0, 8);
  const context = createContext(view, account, options);
  const duplicates = new DuplicateCalls();

  const mayCall = ({ credential }: RpcCall) => credential?.uid === view.uid || credential?.uid === superuser;

  const connections = new Connections(nfsLimits.connections);

  const answer = async (socket: net.Socket, record: Buffer): Promise<Buffer[] | undefined> => {
    const call = parseCall(record);
    if (call === undefined) return undefined;
    if (call === 'wrongVersion') return rpcMismatch(record.readUInt32BE(0)).finish();
    const { xid, program } = call;
    if (program !== nfsProgram && program !== mountProgram) {
      return accepted(xid, acceptance.programUnavailable).finish();
    }
    if (call.version !== version) return versionMismatch(xid, version, version).finish();
    if (call.procedure === 0) return accepted(xid, acceptance.success).finish();
    if (!mayCall(call)) return refusedCaller(xid).finish();
    if (connections.isStranger(socket) && program === nfsProgram && showsHandle(context, record)) {
      connections.noteClient(socket);
    }
    const once = program === nfsProgram && procedures[call.procedure]?.once === true;
    return once ? duplicates.answer(record, () => run(context, takeExport, call)) : run(context, takeExport, call);
  };

  const server = net.createServer({ noDelay: true }, (socket) => {
    connections.add(socket);
    serveRecords(socket, (record) => answer(socket, record));
  });
  await listen(server, port);
  return {
    port: (server.address() as net.AddressInfo).port,
    noteChange: (ino) => {
      noteNewTime(context, ino);
      context.listings.forget(ino);
    },
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      connections.destroyAll();
      await closed;
      await context.files.close();
    },
  };
}

/** Carries a call of one of the two programs out. Answers its reply, which says what went wrong. */
async function run(context: NfsContext, takeExport: TakeExport, call: RpcCall): Promise<Buffer[]> {
  const { xid, program, procedure, args } = call;
  const writer = accepted(xid, acceptance.success);
  try {
    if (program === mountProgram) {
      const isKnown = await runMountProcedure(context, takeExport, procedure, args, writer);
      return (isKnown ? writer : accepted(xid, acceptance.procedureUnavailable)).finish();
    }
    const known = procedures[procedure];
    if (known === undefined) return accepted(xid, acceptance.procedureUnavailable).finish();
    await runProcedure(context, known, args, writer);
    return writer.finish();
  } catch (error) {
    if (error instanceof XdrError) return accepted(xid, acceptance.garbageArguments).finish();
    context.view.log.error('a call of an NFS client failed', { program, procedure, error });
    return accepted(xid, acceptance.systemError).finish();
  }
}

/** Does this call begin, as all that have arguments do, with a handle of ours? */
function showsHandle(context: NfsContext, record: Buffer): boolean {
  const call = parseCall(record);
  try {
    if (typeof call === 'object') readHandle(context, call.args);
    return true;
  } catch {
    return false;
  }
}

function createContext(
  view: VolumeView,
  account: Buffer,
  { secret, clock, loadReaders }: NfsServerOptions,
): NfsContext {
  const now = () => performance.now();
  const onWritten = (ino: Ino) => noteChangedNode(context, ino);
  const files = new OpenFiles({ vfs: view.vfs, log: view.log, now, onWritten });
  const root = Buffer.from(String(view.root));
  const context: NfsContext = {
    view,
    files,
    handles: createHandles({ secret, account, root: view.root }),
    removed: new RemovedFiles(view.vfs, files),
    listings: new Listings(view.vfs),
    patience: new Patience(now),
    storm: loadReaders && new PreviewStorm({ loadReaders, log: view.log, now }),
    clock,
    changes: new Recent(nfsLimits.notedChanges),
    fsid: createHash('sha256').update(account).update(root).digest().subarray(0, 8),
    verifier: randomBytes(8),
  };
  return context;
}

function listen(server: net.Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
