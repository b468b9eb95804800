import type { FileSystemDriver } from '../driver.ts';
import type { Operation, OperationOf, Result } from '../operations.ts';
import { closeHandle, type ModelHandle, onHandles } from './handles.ts';
import { onNames } from './names.ts';
import { ModelError, type ModelFolder, newFolder } from './nodes.ts';
import { type Entry, type Fold, walk } from './walk.ts';

/** What an operation of the model works on. */
export interface ModelState {
  readonly root: ModelFolder;
  readonly handles: Map<string, ModelHandle>;
  readonly fold: Fold;
  readonly find: (path: string, follow: boolean) => Entry;
}

export type Performer<Name extends Operation['op']> = (state: ModelState, operation: OperationOf<Name>) => unknown;

export type Performers<Names extends Operation['op']> = { readonly [Name in Names]: Performer<Name> };

export interface Model {
  readonly root: ModelFolder;
  readonly handles: ReadonlyMap<string, ModelHandle>;
  perform(operation: Operation): Result;
}

/** As ext4 does. Folders take any owner's name: their modes are kept, not checked. */
export const caseSensitive: Fold = (name) => name;
/** As the volume does. */
export const caseInsensitive: Fold = (name) => name.normalize('NFC').toLowerCase();

/** POSIX in memory: one owner, one process, what the random test does. */
export function createModel(fold: Fold): Model {
  const root = newFolder(0o755);
  const handles = new Map<string, ModelHandle>();
  const state: ModelState = { root, handles, fold, find: (path, follow) => walk(root, fold, path, follow) };
  const performers = { ...onNames, ...onHandles } as Partial<Record<string, (state: ModelState, op: never) => unknown>>;
  return {
    root,
    handles,
    perform: (operation) => {
      if (operation.op === 'remount') for (const name of [...handles.keys()]) closeHandle(state, name);
      if (operation.op === 'remount' || operation.op === 'settle') return { value: null };
      const performer = performers[operation.op];
      if (performer === undefined) throw new Error(`the model does not know ${operation.op}`);
      try {
        return { value: performer(state, operation as never) ?? null };
      } catch (error) {
        if (error instanceof ModelError) return { error: error.code };
        throw error;
      }
    },
  };
}

export function createModelDriver(fold: Fold): FileSystemDriver {
  return {
    begin: async () => {
      const model = createModel(fold);
      return { perform: async (operations) => operations.map(model.perform), end: async () => {} };
    },
    close: async () => {},
  };
}
