import { type Ino, type Timestamp, toTimestamp } from '../store/nodeRow.ts';
import { flushOpen } from './content.ts';
import { checkChangeable, getNow, getRow, type VfsContext } from './context.ts';

export type TimeChange = Timestamp | 'now' | 'omit';

/** `atime` is not kept. A time that no row can hold becomes the closest that can. The time survives a later flush, is sent with the upload, or by itself when the content is clean. */
export async function setTimes(context: VfsContext, ino: Ino, mtime: TimeChange): Promise<void> {
  if (mtime === 'omit') return;
  checkChangeable(context, ino);
  const time = mtime === 'now' ? getNow(context) : toTimestamp(mtime.sec, mtime.nsec);
  await context.writing.run(ino, async () => {
    if (context.open.get(ino)?.staging?.dirty === true) await flushOpen(context, ino);
    getRow(context, ino);
    const inode = context.open.get(ino);
    if (inode !== undefined) inode.mtime = time;
    context.nodes.update(ino, { mtime: time, ctimeMs: context.clock.now() });
    context.activity.noteChange(ino);
    context.barrier.note();
  });
  context.pusher.nudge();
}
