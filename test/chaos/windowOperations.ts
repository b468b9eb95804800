import { constants } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { nameKey } from '../../src/base/nameKey.ts';
import * as files from '../../src/protocol/fileMessages.ts';
import {
  getFolders,
  type Lane,
  mostFolders,
  newBytes,
  type Operation,
  whenToCancel,
  withFile,
  withFolder,
  withLocks,
  withNewName,
} from './choosing.ts';
import { checkDownload, numberName, type Wanted } from './downloads.ts';
import { tryAll, tryLockBytes } from './locks.ts';
import { type Entry, join as joinPath } from './model.ts';
import { type Plan, planCopy, writePlan } from './plan.ts';
import type { Outcome } from './stage.ts';
import { restoreFromTrash, useRevision } from './trashAndVersions.ts';
import { type Target, toAccountPath } from './windowActor.ts';
import { writePart } from './writing.ts';

/** What a person does in a window beside the mount, and how often. */
export const windowOperations: readonly (readonly [weight: number, operation: Operation])[] = [
  [6, saveNew],
  [6, saveOver],
  [3, uploadTree],
  [3, uploadBeside],
  [4, copyNew],
  [4, copyOver],
  [3, copyTree],
  [6, download],
  [4, takeWhileWritten],
  [3, downloadTree],
  [6, useRevision],
  [4, restoreFromTrash],
  [2, removeTree],
];

/** Now and then of several pieces (drive/files/fill.ts), so that a request can be called off between two. */
function newContent({ random }: Lane): Buffer {
  return random.chance(0.25) ? random.bytes(random.int(1_500_000, 4_000_000)) : newBytes(random);
}

type Save = (lane: Lane, target: Target, content: Buffer) => Promise<Outcome<unknown>>;

const saves: readonly Save[] = [writeWhole, putLocal, uploadLocal];

async function saveNew(lane: Lane): Promise<boolean> {
  const content = newContent(lane);
  const save = lane.random.pick(saves);
  return withNewName(lane, (folder, name) =>
    lane.window.put({ folder, name }, { content }, 'put', () => save(lane, { folder, name }, content)),
  );
}

async function saveOver(lane: Lane): Promise<boolean> {
  const content = newContent(lane);
  const save = lane.random.pick(saves);
  return withFile(lane, async (entry) => {
    const { parent: folder, name } = entry;
    if (folder === undefined) return;
    const target = { folder, name, entry };
    await lane.window.put(target, { content }, 'put', () => save(lane, target, content));
  });
}

async function writeWhole(lane: Lane, target: Target, content: Buffer): Promise<Outcome<unknown>> {
  const params = { path: pathOf(lane, target), content: content.toString('base64'), ...mayReplace(target) };
  return lane.window.ask(files.writeFile, params, whenToCancel(lane));
}

async function putLocal(lane: Lane, target: Target, content: Buffer): Promise<Outcome<unknown>> {
  return withLocalFolder(lane, async (local) => {
    const localFile = join(local, 'source');
    await writeFile(localFile, content);
    const params = { path: pathOf(lane, target), localFile, ...mayReplace(target) };
    return lane.window.ask(files.putFile, params, whenToCancel(lane));
  });
}

async function uploadLocal(lane: Lane, { folder, name, entry }: Target, content: Buffer): Promise<Outcome<unknown>> {
  return withLocalFolder(lane, async (local) => {
    const localPaths = [join(local, name)];
    await writeFile(join(local, name), content);
    const collision = entry === undefined ? 'fail' : 'replace';
    const params = { localPaths, folder: toAccountPath(lane.model.getPath(folder)), collision } as const;
    return lane.window.ask(files.upload, params, whenToCancel(lane));
  });
}

async function uploadTree(lane: Lane): Promise<boolean> {
  const { random } = lane;
  const newFiles = (folder: string): Plan =>
    Array.from({ length: random.int(1, 3) }, (_, index) => ({
      path: `${folder}/${index}.txt`,
      content: newBytes(random),
    }));
  return withNewFolderName(lane, (folder, name) => {
    const inner = { path: `${name}/inner`, content: undefined };
    const plan = [{ path: name, content: undefined }, ...newFiles(name), inner, ...newFiles(inner.path)];
    return lane.window.make(folder, plan, 'put', () =>
      withLocalFolder(lane, async (local) => {
        await writePlan(local, plan);
        const params = { localPaths: [join(local, name)], folder: toAccountPath(lane.model.getPath(folder)) };
        return lane.window.ask(files.upload, { ...params, collision: 'fail' }, whenToCancel(lane));
      }),
    );
  });
}

/** A name that is taken: refused, or numbered. */
async function uploadBeside(lane: Lane): Promise<boolean> {
  const content = newBytes(lane.random);
  const collision = lane.random.pick(['fail', 'keepBoth'] as const);
  return withFile(lane, async (entry) => {
    const { parent: folder, name } = entry;
    if (folder === undefined || entry.contested) return;
    const upload = () =>
      withLocalFolder(lane, async (local) => {
        await writeFile(join(local, name), content);
        const params = {
          localPaths: [join(local, name)],
          folder: toAccountPath(lane.model.getPath(folder)),
          collision,
        };
        return lane.window.ask(files.upload, params, whenToCancel(lane));
      });
    if (collision === 'fail') {
      // It succeeds where a cut of the power has taken what had the name.
      lane.model.note(content, `on its way to ${joinPath(lane.model.getPath(folder), name)}`);
      await lane.window.mustRefuse(entry, 'EEXIST', upload);
      return;
    }
    const getHolder = (candidate: string) =>
      lane.model.getChildren(folder).find((child) => nameKey(child.name) === nameKey(candidate));
    const taken = [name];
    while (getHolder(numberName(name, taken.length + 1)) !== undefined) taken.push(numberName(name, taken.length + 1));
    const number = taken.length + 1;
    const target = { folder, name: numberName(name, number) };
    const holders = taken.map(getHolder);
    await withNewName(lane, () => lane.window.put(target, { content }, 'put', upload), target);
    // It took another number, for all anybody can tell, when one of the names came or went meanwhile.
    const hasChanged = taken.some((each, index) => getHolder(each) !== holders[index]);
    const names = [...taken, target.name, numberName(name, number + 1)];
    const candidates = names.map((each) => joinPath(lane.model.getPath(folder), each));
    if (hasChanged || candidates.some((each) => lane.model.isDisputed(each))) {
      for (const each of candidates) lane.model.contest(each);
    }
  });
}

async function copyNew(lane: Lane): Promise<boolean> {
  return withFile(lane, (source) => withNewName(lane, (folder, name) => copyTo(lane, source, { folder, name })));
}

async function copyOver(lane: Lane): Promise<boolean> {
  return withFile(lane, (source) =>
    withFile(lane, async (entry) => {
      if (entry.parent !== undefined) await copyTo(lane, source, { folder: entry.parent, name: entry.name, entry });
    }),
  );
}

async function copyTo(lane: Lane, source: Entry, target: Target): Promise<void> {
  const { model, window } = lane;
  if (source.contested || source.file === undefined || !(await window.keepsUnflushed([source]))) return;
  const [from, to] = [toAccountPath(model.getPath(source)), pathOf(lane, target)];
  const collision = target.entry === undefined ? 'fail' : 'replace';
  await window.put(target, { content: source.file.view, source }, 'copy', () =>
    window.ask(files.copy, { from, to, collision }, whenToCancel(lane)),
  );
}

async function copyTree(lane: Lane): Promise<boolean> {
  const { model, window } = lane;
  return withFolder(lane, (source) =>
    withWholeTree(lane, source, (below) =>
      withNewFolderName(lane, async (folder, name) => {
        if (!(await window.keepsUnflushed(below))) return;
        const [from, to] = [model.getPath(source), joinPath(model.getPath(folder), name)];
        const plan = planCopy(model, source, name);
        await window.make(folder, plan, 'copy', () =>
          window.ask(
            files.copy,
            { from: toAccountPath(from), to: toAccountPath(to), collision: 'fail' },
            whenToCancel(lane),
          ),
        );
        // What came into it meanwhile was copied too.
        if (model.isDisputed(from)) model.contest(to);
      }),
    ),
  );
}

async function download(lane: Lane): Promise<boolean> {
  return withFile(lane, async (entry) => {
    const { file, name } = entry;
    if (file === undefined || entry.contested) return;
    await downloadTo(lane, [entry], [{ path: name, content: file.view }]);
  });
}

/** Copies or downloads a file that a program is writing: what it wrote counts, flushed or not. */
async function takeWhileWritten(lane: Lane): Promise<boolean> {
  return withFile(lane, async (entry) => {
    const { file, name } = entry;
    if (file === undefined || entry.contested) return;
    const handle = await lane.actor.open(entry, constants.O_RDWR);
    if (handle === undefined) return;
    await writePart(lane, entry, handle);
    if (!file.uncertain && lane.random.chance(0.5))
      await downloadTo(lane, [entry], [{ path: name, content: file.view }]);
    else if (!file.uncertain) await withNewName(lane, (folder, free) => copyTo(lane, entry, { folder, name: free }));
    await lane.actor.close(entry, handle);
  });
}

async function downloadTree(lane: Lane): Promise<boolean> {
  return withFolder(lane, (folder) =>
    withWholeTree(lane, folder, (below) =>
      downloadTo(lane, [folder, ...below], planCopy(lane.model, folder, folder.name)),
    ),
  );
}

/** Of the first of `entries`, with all the others, to a folder that is empty or has a file of the name already. */
async function downloadTo(lane: Lane, entries: readonly Entry[], plan: Plan): Promise<void> {
  const { model, window, random } = lane;
  const [entry] = entries;
  if (entry === undefined) return;
  await withLocalFolder(lane, async (localFolder) => {
    const isOver = entry.file !== undefined && random.chance(0.5);
    const former = isOver ? random.bytes(random.int(1, 2_000)) : undefined;
    if (former !== undefined) await writeFile(join(localFolder, entry.name), former);
    const collision = random.pick(['fail', 'replace', 'keepBoth'] as const);
    const path = model.getPath(entry);
    const params = { paths: [toAccountPath(path)], localFolder, collision };
    const outcome = await window.ask(files.download, params, whenToCancel(lane));
    const isRefusal = collision === 'fail' && former !== undefined && outcome.code === 'EEXIST';
    if (!isRefusal) window.judgeFetch(outcome, 'copy', path);
    const isContested = entries.some(({ contested }) => contested) || model.isDisputed(path);
    const isKnown = !isContested && (await window.keepsUnflushed(entries));
    const wanted: Wanted = { plan, former, collision, isKnown, done: outcome.code === undefined };
    await checkDownload(localFolder, wanted, outcome.disturbed);
  });
}

async function removeTree(lane: Lane): Promise<boolean> {
  return withFolder(lane, (folder) =>
    withWholeTree(lane, folder, () => lane.window.removeTree(folder, whenToCancel(lane))),
  );
}

/** Holds the bytes of every file below a folder, all of them known. */
async function withWholeTree(
  { model, window }: Lane,
  folder: Entry,
  work: (below: readonly Entry[]) => Promise<unknown>,
): Promise<boolean> {
  const below = model.getBelow(folder);
  const held = below.filter(({ file }) => file !== undefined);
  return withLocks(tryAll(...held.map((entry) => () => tryLockBytes(entry))), async () => {
    for (const entry of held) if (entry.contested || !(await window.settle(entry))) return;
    if (!model.isDisputed(model.getPath(folder))) await work(below);
  });
}

function withNewFolderName(lane: Lane, work: (folder: Entry, name: string) => Promise<unknown>): Promise<boolean> {
  if (getFolders(lane.model).length > mostFolders) return removeTree(lane);
  return withNewName(lane, work, { isFolder: true });
}

async function withLocalFolder<T>({ window }: Lane, work: (local: string) => Promise<T>): Promise<T> {
  const local = await mkdtemp(join(window.localFolder, 'local-'));
  try {
    return await work(local);
  } finally {
    await rm(local, { recursive: true, force: true });
  }
}

function pathOf({ model }: Lane, { folder, name }: Target): string {
  return toAccountPath(joinPath(model.getPath(folder), name));
}

function mayReplace({ entry }: Target) {
  return { create: entry === undefined, overwrite: entry !== undefined };
}
