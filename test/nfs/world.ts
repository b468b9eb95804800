import { randomBytes } from 'node:crypto';
import { createLog } from '../../src/base/log.ts';
import { type NfsServer, type NfsServerOptions, startNfsServer } from '../../src/volume/nfs/server.ts';
import type { VolumeView } from '../../src/volume/volume.ts';
import { type EmulatorOptions, startEmulator } from '../emulator/emulator.ts';
import { openSessionWorld, type SessionWorld } from '../support/sessionWorld.ts';
import { NfsClient } from './client.ts';

/** A session served by NFS, and clients of it. */
export interface NfsWorld {
  readonly world: SessionWorld;
  /** Handle of `/Jotta/Archive`. */
  readonly archive: Buffer;
  readonly client: NfsClient;
  readonly server: () => NfsServer;
  readonly exportPath: string;
  /** What is served. */
  readonly view: VolumeView;
  readonly complaints: readonly string[];
  /** Ends the server, as a drive that is killed, and starts another on the same session and port. */
  restartServer(): Promise<void>;
  close(): Promise<void>;
}

export interface NfsWorldOptions extends Partial<Pick<VolumeView, 'readOnly' | 'previewsStayLocal'>> {
  readonly now?: () => number;
  readonly emulator?: EmulatorOptions;
  /** Who has which files open, as the server is told. */
  readonly loadReaders?: NfsServerOptions['loadReaders'];
}

export async function openNfsWorld(options: NfsWorldOptions = {}): Promise<NfsWorld> {
  const emulator = await startEmulator(options.emulator ?? {});
  const world = await openSessionWorld(emulator);
  const complaints: string[] = [];
  const exportPath = `/${randomBytes(16).toString('hex')}`;
  const secret = randomBytes(32);
  const session = world.session();
  const view: VolumeView = {
    vfs: session.vfs,
    root: 1,
    readOnly: options.readOnly ?? false,
    previewsStayLocal: options.previewsStayLocal ?? (() => false),
    getQuota: () => ({ used: 10, total: 1000 }),
    getPath: () => undefined,
    onChanged: () => {},
    log: createLog((line) => complaints.push(line), 'warn'),
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
  };
  const now = options.now ?? Date.now;
  const serve = (port: number) =>
    startNfsServer(view, {
      port,
      secret,
      account: 'test',
      exported: { path: exportPath, once: false },
      clock: { now: () => now() },
      loadReaders: options.loadReaders,
    });
  let server = await serve(0);
  let client = await NfsClient.connect(server.port);
  const need = (handle: Buffer | number): Buffer => {
    if (typeof handle === 'number') throw new Error(`NFS status ${handle}`);
    return handle;
  };
  const root = need(await client.mount(exportPath));
  const archive = need(await client.lookup(need(await client.lookup(root, 'Jotta')), 'Archive'));
  return {
    world,
    archive,
    get client() {
      return client;
    },
    server: () => server,
    exportPath,
    view,
    complaints,
    restartServer: async () => {
      const { port } = server;
      client.close();
      await server.close();
      server = await serve(port);
      client = await NfsClient.connect(port);
    },
    close: async () => {
      client.close();
      await server.close();
      await world.close();
      await emulator.close();
    },
  };
}
