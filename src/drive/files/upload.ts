import { lstat, readdir, readlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { DriveError } from '../../protocol/errors.ts';
import type { UploadParams } from '../../protocol/fileMessages.ts';
import type { Place } from '../../store/nodeRow.ts';
import { resolveName } from './collision.ts';
import { about, checkWritable, type FilesContext, find, joinPath, noting } from './context.ts';
import { type CopyOptions, copyInto, ensureFolder } from './copy.ts';
import { fillFile, readPieces } from './fill.ts';
import { resolveLocal, toAccountPath } from './localPaths.ts';

/**
 * Takes local files and folders into a folder of the account. Their bytes are copied here, each a transfer of its own, and
 * sent in the background. What lies in a mount of ours is copied inside the account. Links in folders stay links.
 */
export async function upload(
  context: FilesContext,
  { localPaths, folder, collision }: UploadParams,
  signal: AbortSignal,
): Promise<string[]> {
  checkWritable(context, folder);
  const { ino: parent } = await find(context, folder);
  const { vfs } = context.session;
  await vfs.readdir(parent);
  const isTaken = async (name: string) => vfs.getShownChild(parent, name) !== undefined;
  const options = { overwrite: collision === 'replace', signal };
  const made: string[] = [];
  for (const localPath of localPaths) {
    await about(localPath, async () => {
      const source = await resolveLocal(localPath, context.getMounts());
      const wanted = basename(localPath);
      const name = await resolveName(wanted, collision, isTaken, joinPath(folder, wanted));
      const path = joinPath(folder, name);
      if (source.kind === 'mounted')
        await copyInto(context, await find(context, source.path), { parent, name }, options);
      else if (!(await take(context, source.path, { parent, name }, path, options)))
        throw new DriveError('localAccess', { path: localPath });
      made.push(path);
    });
  }
  return made;
}

/** False for what has no content to take: pipes, sockets and devices, which folders are taken without. */
async function take(
  context: FilesContext,
  localPath: string,
  place: Place,
  path: string,
  options: CopyOptions,
): Promise<boolean> {
  options.signal.throwIfAborted();
  const info = await lstat(localPath);
  if (info.isDirectory()) {
    const folder = await ensureFolder(context, place);
    for (const name of await readdir(localPath)) {
      const inner = join(localPath, name);
      // The account is not put into itself, and a mount of ours is not looked at.
      const isMounted = toAccountPath(inner, context.getMounts()) !== undefined;
      if (!isMounted) await take(context, inner, { parent: folder, name }, joinPath(path, name), options);
    }
  } else if (info.isSymbolicLink()) {
    const target = await readlink(localPath);
    await noting(context, place, () => context.session.vfs.putLink(place, target, { create: true, ...options }));
  } else if (info.isFile()) {
    const what = { kind: 'upload', path, total: info.size, canStop: true } as const;
    await context.session.jobs.run(what, (report, stopped) => {
      const signal = AbortSignal.any([options.signal, stopped]);
      return fillFile(
        context,
        place,
        info.size,
        readPieces(localPath, info.size),
        { create: true, ...options, signal },
        report,
      );
    });
  } else return false;
  return true;
}
