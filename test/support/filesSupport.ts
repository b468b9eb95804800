import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach } from 'node:test';
import { readFile, writeFile } from '../../src/drive/files/content.ts';
import { type FilesContext, joinPath } from '../../src/drive/files/context.ts';
import { list } from '../../src/drive/files/entries.ts';
import { createFolder } from '../../src/drive/files/names.ts';
import { toDriveErrorData } from '../../src/drive/windows/rpcErrors.ts';
import type { DriveErrorCode } from '../../src/protocol/errors.ts';
import type { MountState } from '../../src/protocol/state.ts';
import { startTestDrive, type TestDrive } from './mountedDrive.ts';

export const home = '/Jotta/Archive';

/** One drive without mounts, and the requests of a window to it. */
export interface FilesWorld {
  readonly drive: TestDrive;
  readonly context: FilesContext;
  /** Cancels nothing. */
  readonly signal: AbortSignal;
  /** What the drive says is mounted; nothing unless set. */
  mounts: readonly MountState[];
  save(path: string, text: string): Promise<void>;
  text(path: string): Promise<string>;
  names(path: string): Promise<string[]>;
  /** md5 of each live file on the server, by its path below the archive. */
  server(): Record<string, string | null>;
}

export async function createFilesWorld(): Promise<FilesWorld> {
  const drive = await startTestDrive();
  const world: FilesWorld = {
    drive,
    context: {
      get session() {
        return drive.session();
      },
      getMounts: () => world.mounts,
      mountsTold: async () => {},
    },
    signal: new AbortController().signal,
    mounts: [],
    save: (path, text) =>
      writeFile(
        world.context,
        {
          path: joinPath(home, path),
          content: Buffer.from(text).toString('base64'),
          create: true,
          overwrite: true,
        },
        world.signal,
      ),
    text: async (path) => {
      const chunk = await readFile(world.context, { path: joinPath(home, path), offset: 0, length: 1_000_000 });
      return Buffer.from(chunk.content, 'base64').toString();
    },
    names: async (path) => (await list(world.context, joinPath(home, path), false)).map(({ name }) => name).sort(),
    server: () => {
      const files = drive.emulator.tree().filter(({ kind }) => kind === 'file');
      return Object.fromEntries(files.map(({ path, md5 }) => [path.replace(/^.*\/Archive\//, ''), md5]));
    },
  };
  return world;
}

/** What a file of tests works in: one drive, a local folder, and in the account a folder of its own for each test. */
export interface FilesPlace {
  readonly world: FilesWorld;
  readonly local: string;
  readonly dir: string;
  /** `dir` is `dir <count>`. */
  readonly count: number;
}

/** Opens a world for the tests of a file and closes it after them; `enter` is called before each, which finds no mounts. */
export function testInFilesWorld(enter: (place: FilesPlace) => void): void {
  let world: FilesWorld;
  let local: string;
  let count = 0;
  before(async () => {
    world = await createFilesWorld();
    local = await mkdtemp(join(tmpdir(), 'files-'));
  });
  after(async () => {
    await world.drive.close();
    await rm(local, { recursive: true, force: true });
  });
  beforeEach(async () => {
    count += 1;
    const dir = `${home}/dir ${count}`;
    world.mounts = [];
    await createFolder(world.context, dir);
    enter({ world, local, dir, count });
  });
}

/** The promise rejects with what a window would be told as `code`. */
export async function refused(code: DriveErrorCode, work: Promise<unknown>): Promise<void> {
  await assert.rejects(work, (error) => {
    assert.equal(toDriveErrorData(error).code, code, String(error));
    return true;
  });
}
