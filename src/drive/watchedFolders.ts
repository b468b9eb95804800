import { rootIno } from '../store/nodeRow.ts';
import { splitPath } from '../vfs/names.ts';
import type { Session } from './session.ts';

/** The folders that windows show. They stay live for as long as they are shown, whoever touches them. */
export class WatchedFolders {
  readonly #paths = new Map<object, readonly string[]>();

  /** `viewer` shows these now, instead of what it showed before. */
  set(viewer: object, paths: readonly string[]): void {
    if (paths.length === 0) this.#paths.delete(viewer);
    else this.#paths.set(viewer, paths);
  }

  /** Called now and then: what nobody has noted for a while is not listed any more. */
  keepIn(session: Session): void {
    for (const path of [...this.#paths.values()].flat()) {
      const note = async () => session.folders.noteViewed((await session.vfs.resolve(rootIno, splitPath(path))).ino);
      // A folder that is gone stays watched for as long as it is shown: it may come back.
      session.work.run(note).catch(() => {});
    }
  }
}
