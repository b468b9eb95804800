import { userInfo } from 'node:os';
import Fuse from 'fuse-native';
import { rootIno } from '../../../src/store/nodeRow.ts';
import { createOperations } from '../../../src/volume/macfuse/operations.ts';
import type { TestDrive } from '../../support/mountedDrive.ts';
import type { FileSystemDriver } from '../driver.ts';
import type { Operation, OperationOf, Result } from '../operations.ts';
import { CallError, type Calls, createCalls } from './calls.ts';
import { closeHandle, type Kernel, walkToExisting } from './kernel.ts';
import { onHandles } from './onHandles.ts';
import { onNames } from './onNames.ts';
import { type Moment, moment } from './report.ts';

export type Performers<Names extends Operation['op']> = {
  readonly [Name in Names]: (kernel: Kernel, operation: OperationOf<Name>) => Promise<unknown>;
};

/**
 * The VFS object in this process, through the operations that the kernel would call. What stands between them and a
 * program on a mount, and is not the drive's, is done here as far as it shapes the calls: walking paths and symlinks,
 * libfuse's hidden names. Permissions, locks, maps and the page cache are out of scope.
 */
export function createVfsDriver(drive: TestDrive): FileSystemDriver {
  let count = 0;
  return {
    begin: async () => {
      count += 1;
      const base = `/run ${count}`;
      let kernel: Kernel = { calls: await openCalls(drive), base, handles: new Map(), hiddenCount: 0, umask: 0o022 };
      const remembered = new Map<string, Moment>();
      await kernel.calls.value('mkdir', base, 0o755);
      const closeAll = async () => {
        for (const name of [...kernel.handles.keys()]) await closeHandle(kernel, name);
      };
      const around: Performers<'remount' | 'settle' | 'remember' | 'since' | 'tick'> = {
        remount: async () => {
          await closeAll();
          await drive.restart();
          kernel = { ...kernel, calls: await openCalls(drive) };
        },
        settle: () => drive.settle(),
        remember: async (_kernel, { path, as }) => {
          remembered.set(as, moment((await walkToExisting(kernel, path, false)).stats));
        },
        since: async (_kernel, { path, fields, as }) => {
          const now = moment((await walkToExisting(kernel, path, false)).stats);
          return compare(remembered.get(as) as Moment, now, fields);
        },
        tick: () => new Promise((resolve) => setTimeout(resolve, 2)),
      };
      const performers = { ...onHandles, ...onNames, ...around } as Partial<
        Record<string, (kernel: Kernel, operation: never) => Promise<unknown>>
      >;
      const perform = async (operation: Operation): Promise<Result> => {
        const performer = performers[operation.op];
        if (performer === undefined) throw new Error(`only a kernel can do ${operation.op}`);
        try {
          return { value: (await performer(kernel, operation as never)) ?? null };
        } catch (error) {
          if (error instanceof CallError) return { error: error.code };
          throw error;
        }
      };
      return {
        perform: async (operations) => {
          const results: Result[] = [];
          for (const operation of operations) results.push(await perform(operation));
          return results;
        },
        end: closeAll,
      };
    },
    close: async () => {},
  };
}

/** The operations on /Jotta/Archive of the newest session. */
async function openCalls(drive: TestDrive): Promise<Calls> {
  const { vfs } = drive.session();
  const { uid, gid } = userInfo();
  const root = (await vfs.resolve(rootIno, ['Jotta', 'Archive'])).ino;
  const getQuota = () => ({ used: 0, total: -1 });
  const outside = { getPath: () => '/', onChanged: () => {} };
  const view = {
    vfs,
    root,
    readOnly: false,
    previewsStayLocal: () => false,
    getQuota,
    ...outside,
    log: drive.log,
    uid,
    gid,
  };
  return createCalls(createOperations(view, Fuse));
}

function compare(before: Moment, now: Moment, fields: readonly (keyof Moment)[]): unknown {
  const show = (field: keyof Moment) => {
    if (now[field] === before[field]) return 'same';
    if (field === 'ino') return 'other';
    return now[field] > before[field] ? 'later' : 'earlier';
  };
  return Object.fromEntries(fields.map((field) => [field, show(field)]));
}
