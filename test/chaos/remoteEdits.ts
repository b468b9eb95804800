import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Emulator } from '../emulator/emulator.ts';
import type { TreeItem } from '../emulator/treeReport.ts';
import type { Model } from './model.ts';
import type { Random } from './random.ts';
import type { History } from './stage.ts';

const run = promisify(execFile);
const mountPoint = '/Jotta/Archive';
/** A call of rclone that takes longer is ended: its outcome does not matter. ms. */
const rcloneMs = 20_000;

/** Someone else at work on the account. */
export interface OtherDevice {
  readonly emulator: Emulator;
  readonly model: Model;
  readonly history: History;
  readonly random: Random;
  /** For files on their way to the server. */
  readonly dir: string;
}

type Edit = (device: OtherDevice, hand: Hand, file: string, folder: string) => Promise<void>;

/** How a change reaches the server. */
interface Hand {
  readonly name: string;
  put(path: string, content: Buffer): Promise<void>;
  move(from: string, to: string, isFolder: boolean): Promise<void>;
  remove(path: string, isFolder: boolean): Promise<void>;
}

const edits: readonly (readonly [weight: number, edit: Edit])[] = [
  [6, (device, hand, file) => put(device, hand, file)],
  [3, (device, hand, _file, folder) => put(device, hand, join(folder, `other ${device.random.int(1, 20)}.txt`))],
  [3, remove],
  [3, (device, hand, file, folder) => move(device, hand, file, join(folder, `moved ${device.random.int(1, 20)}.txt`))],
  [1, removeFolder],
  [1, moveFolder],
];

/** One change of something that is on the server. The model hears of it before the server does. */
export async function editRemotely(device: OtherDevice, byRclone: boolean): Promise<void> {
  const { random, emulator } = device;
  const items = emulator.tree().filter(({ path }) => path.startsWith(`${mountPoint}/`));
  const files = getPaths(items, 'file');
  const folders = getPaths(items, 'folder');
  if (files.length === 0) return;
  const edit = random.weighted(edits);
  const hand = byRclone ? createRclone(device) : createDirect(emulator);
  await edit(device, hand, random.pick(files), random.pick(['', ...folders]));
}

async function put({ model, random, history }: OtherDevice, hand: Hand, path: string): Promise<void> {
  const content = random.bytes(random.int(1, random.chance(0.1) ? 1_500_000 : 5_000));
  model.note(content, `put at ${path} by another device`);
  model.contest(path, content);
  history.add(`${hand.name} put ${path} ${content.length} bytes`);
  await hand.put(path, content);
}

async function remove({ model, history }: OtherDevice, hand: Hand, path: string): Promise<void> {
  model.contest(path);
  history.add(`${hand.name} remove ${path}`);
  await hand.remove(path, false);
}

async function move({ model, history }: OtherDevice, hand: Hand, from: string, to: string, isFolder = false) {
  model.contest(from);
  model.contest(to);
  history.add(`${hand.name} move ${from} to ${to}`);
  await hand.move(from, to, isFolder);
}

async function removeFolder({ model, history }: OtherDevice, hand: Hand, _file: string, folder: string): Promise<void> {
  if (folder === '') return;
  model.contest(folder);
  history.add(`${hand.name} remove ${folder}`);
  await hand.remove(folder, true);
}

async function moveFolder(device: OtherDevice, hand: Hand, _file: string, folder: string): Promise<void> {
  if (folder !== '') await move(device, hand, folder, `taken ${device.random.int(1, 20)}`, true);
}

function createDirect(emulator: Emulator): Hand {
  return {
    name: 'other device',
    put: (path, content) => emulator.put(join(mountPoint, path), content),
    move: async (from, to) => attempt(() => emulator.move(join(mountPoint, from), join(mountPoint, to))),
    remove: async (path) => attempt(() => emulator.remove(join(mountPoint, path))),
  };
}

/** What was there a moment ago may be gone by now. */
function attempt(work: () => void): void {
  try {
    work();
  } catch {
    // The other device is told that it cannot; nothing happened.
  }
}

/** Stock rclone. What it cannot do, because something was moved meanwhile, it leaves. */
function createRclone({ emulator, dir, history }: OtherDevice): Hand {
  const rclone = async (...args: string[]) => {
    const env: NodeJS.ProcessEnv = { ...process.env, ...emulator.rclone?.env };
    const config = emulator.rclone?.config ?? '';
    await run('rclone', ['--config', config, '--retries', '1', ...args], { env, timeout: rcloneMs }).catch((error) => {
      const { stderr = '' } = error as { stderr?: string };
      history.add(`rclone could not: ${stderr.trim().split('\n').at(-1)}`);
    });
  };
  return {
    name: 'rclone',
    put: async (path, content) => {
      const local = join(dir, 'rclone-upload');
      await writeFile(local, content);
      await rclone('copyto', '--ignore-times', local, `remote:${path}`);
      await rm(local);
    },
    move: (from, to) => rclone('moveto', `remote:${from}`, `remote:${to}`),
    remove: (path, isFolder) => rclone(isFolder ? 'purge' : 'deletefile', `remote:${path}`),
  };
}

function getPaths(items: readonly TreeItem[], kind: TreeItem['kind']): string[] {
  return items.filter((item) => item.kind === kind).map(({ path }) => path.slice(mountPoint.length + 1));
}
