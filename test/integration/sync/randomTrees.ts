import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Ino, type NodeRow, rootIno } from '../../../src/store/nodeRow.ts';
import { createRandom, type Random } from '../../chaos/random.ts';
import type { Emulator } from '../../emulator/emulator.ts';
import type { FaultAction } from '../../emulator/faultActions.ts';
import type { RequestKind } from '../../emulator/stats.ts';
import type { SessionWorld } from '../../support/sessionWorld.ts';

/** Few, so that names are taken, given up and taken again, by files and by folders. */
const folderNames = ['a', 'b', 'c', 'd'];
const fileNames = ['f', 'g', 'a'];
/** Names that stay on this computer, beside the default ones. */
export const ignoredNames = ['here'];
const localNames = ['here', '.#f'];
const deepest = 8;

const struck: readonly RequestKind[] = [
  'mkDir',
  'mv',
  'mvDir',
  'dl',
  'dlDir',
  'allocate',
  'upload',
  'list',
  'file',
  'cphash',
];

interface HeldFile {
  readonly path: string;
  append(): Promise<void>;
  /** Flushes and closes. */
  release(): Promise<void>;
}

/** A tree below `top` that two devices change at random; `seed` repeats every decision. */
export class RandomTrees {
  /** What was done, in order. */
  readonly trace: string[] = [];
  readonly #world: SessionWorld;
  readonly #emulator: Emulator;
  readonly #top: string;
  readonly #random: Random;
  readonly #steps: readonly (readonly [weight: number, step: () => Promise<void>])[];
  readonly #held: HeldFile[] = [];
  readonly #refuses: boolean;
  #texts = 0;

  constructor(world: SessionWorld, top: string, seed: string) {
    this.#world = world;
    this.#emulator = world.emulator;
    this.#top = top;
    this.#random = createRandom(seed);
    const [withOthers, withFaults] = [this.#random.chance(0.7), this.#random.chance(0.7)];
    this.#refuses = this.#random.chance(0.5);
    this.#steps = [
      [66, () => this.#change()],
      [withOthers ? 12 : 0, () => this.#changeElsewhere()],
      [8, () => delay(this.#random.int(0, 15))],
      [6, () => this.#try('poll', () => world.poll())],
      [withFaults ? 5 : 0, () => this.#strike()],
      [3, () => this.#try('restart', () => this.#restart())],
    ];
  }

  async step(): Promise<void> {
    await this.#random.weighted(this.#steps)();
  }

  /** Something on this computer. */
  async #change(): Promise<void> {
    const [files, folders] = [this.#getPaths('file'), this.#getPaths('folder')];
    const { pick } = this.#random;
    const newFolder = () => `${pick([this.#top, ...folders])}/${pick([...folderNames, ...ignoredNames])}`;
    const newFile = () => `${pick([this.#top, ...folders])}/${pick([...fileNames, ...localNames])}`;
    const world = this.#world;
    const refused = world.session().nodes.getFailed();
    const change = this.#random.weighted([
      [5, () => this.#run('mkdir', newFolder(), (path) => world.mkdir(path))],
      [6, () => this.#run('save', newFile(), (path) => world.save(path, this.#newText()))],
      [files.length && 4, () => this.#run('append', pick(files), (path) => this.#append(path))],
      [files.length && 2, () => this.#run('open', pick(files), (path) => this.#open(path))],
      [this.#held.length && 4, () => this.#useHeld()],
      [files.length && 2, () => this.#move('cp', pick(files), newFile(), this.#copy)],
      [files.length && 1, () => this.#move('swap', pick(files), pick([...files, ...folders]), this.#swap)],
      [refused.length && 4, () => this.#discard(pick(refused))],
      [folders.length && 7, () => this.#move('mv', pick(folders), newFolder(), world.rename)],
      [files.length && 5, () => this.#move('mv', pick(files), newFile(), world.rename)],
      [files.length && 3, () => this.#run('rm', pick(files), (path) => world.unlink(path))],
      [folders.length && 4, () => this.#run('rmdir', pick(folders), (path) => world.rmdir(path))],
      [folders.length && 2, () => this.#run('rm -r', pick(folders), (path) => this.#removeTree(path))],
    ]);
    await change();
  }

  /** Something another device does. */
  async #changeElsewhere(): Promise<void> {
    const emulator = this.#emulator;
    const items = emulator.tree().filter(({ path }) => path.startsWith(`${this.#top}/`));
    const pathsOf = (wanted: string) => items.filter(({ kind }) => kind === wanted).map(({ path }) => path);
    const [files, folders] = [pathsOf('file'), pathsOf('folder')];
    const { pick } = this.#random;
    const newPlace = (names: readonly string[]) => `${pick([this.#top, ...folders])}/${pick(names)}`;
    const change = this.#random.weighted([
      [5, () => this.#run('  put', newPlace(fileNames), (path) => emulator.put(path, this.#newText()))],
      [folders.length && 6, () => this.#move('  mv', pick(folders), newPlace(folderNames), emulator.move)],
      [files.length && 3, () => this.#move('  mv', pick(files), newPlace(fileNames), emulator.move)],
      [items.length && 2, () => this.#run('  rm', pick(items).path, (path) => emulator.remove(path))],
      [2, () => this.#run('  mkdir', newPlace(folderNames), (path) => emulator.mkdir(path))],
    ]);
    await change();
  }

  async #strike(): Promise<void> {
    const random = this.#random;
    const actions: FaultAction[] = [
      { type: 'duplicate', answer: 'reset' },
      { type: 'duplicate', answer: 500 },
      { type: 'repeat' },
      { type: 'reset' },
      { type: 'status', status: 500 },
      { type: 'delay', ms: random.int(1, 40) },
    ];
    if (this.#refuses) actions.push({ type: 'status', status: 403 });
    const rules = Array.from({ length: random.int(0, 3) }, () => ({
      match: { kind: random.pick(struck) },
      nth: random.int(1, 2),
      times: random.int(1, 3),
      action: random.pick(actions),
    }));
    this.#emulator.setFaults(rules);
    this.trace.push(`faults ${JSON.stringify(rules)}`);
  }

  /** Now and then without its cache: what is not sent yet must do with what the server has. */
  async #restart(): Promise<void> {
    const world = this.#world;
    for (const { release } of this.#held.splice(0)) await release();
    const forgets = this.#random.chance(0.5);
    await world.restart(async () => {
      if (forgets) await rm(join(world.dir, 'cache'), { recursive: true, force: true });
    });
    await world.session().vfs.readdir(await world.find(this.#top));
  }

  /** Rests on what the file held: that is not downloaded before it must be. */
  async #append(path: string): Promise<void> {
    const { append, release } = await this.#openToWrite(path);
    await append();
    await release();
  }

  async #open(path: string): Promise<void> {
    this.#held.push(await this.#openToWrite(path));
  }

  /** Writes to a file that may be elsewhere, changed or gone by now, or closes it. */
  async #useHeld(): Promise<void> {
    const file = this.#random.pick(this.#held);
    if (this.#random.chance(0.5)) return this.#try(`append to ${file.path}`, file.append);
    this.#held.splice(this.#held.indexOf(file), 1);
    await this.#try(`close ${file.path}`, file.release);
  }

  async #openToWrite(path: string): Promise<HeldFile> {
    const { vfs } = this.#world.session();
    const ino = await this.#world.find(path);
    const fh = await vfs.open(ino, { writing: true, append: true, truncate: false });
    return {
      path,
      append: async () => {
        await vfs.write(fh, Buffer.from(`, ${this.#newText()}`), 0);
      },
      release: async () => {
        await vfs.flushHandle(fh);
        await vfs.release(fh);
      },
    };
  }

  /** By content where it can be: what it rests on may go before it is sent. */
  readonly #copy = async (from: string, to: string): Promise<void> => {
    const { vfs } = this.#world.session();
    const source = await vfs.open(await this.#world.find(from), { writing: false, append: false, truncate: false });
    try {
      const place = await this.#findPlace(to);
      const options = { writing: true, append: false, truncate: true, exclusive: false };
      const { fh } = await vfs.create(place.parent, place.name, 0o644, options);
      try {
        await vfs.copyRange({ fh: source, position: 0 }, { fh, position: 0 }, vfs.getHandleAttr(source).size);
        await vfs.flushHandle(fh);
      } finally {
        await vfs.release(fh);
      }
    } finally {
      await vfs.release(source);
    }
  };

  readonly #swap = async (from: string, to: string): Promise<void> => {
    await this.#world.session().vfs.rename(await this.#findPlace(from), await this.#findPlace(to), 'exchange');
  };

  #discard({ ino, name }: NodeRow): Promise<void> {
    const names = { host: 'host', now: 0 };
    return this.#try(`discard ${name}`, () => this.#world.session().vfs.discard(ino, names));
  }

  async #findPlace(path: string) {
    const at = path.lastIndexOf('/');
    return { parent: await this.#world.find(path.slice(0, at)), name: path.slice(at + 1) };
  }

  /** Closes what is open. */
  async end(): Promise<void> {
    for (const { path, release } of this.#held.splice(0)) await this.#try(`close ${path}`, release);
  }

  async #removeTree(path: string): Promise<void> {
    for (const { name, row } of await this.#world.session().vfs.readdir(await this.#world.find(path))) {
      if (row.kind === 'file') await this.#world.unlink(`${path}/${name}`);
      else await this.#removeTree(`${path}/${name}`);
    }
    await this.#world.rmdir(path);
  }

  #run(what: string, path: string, work: (path: string) => unknown): Promise<void> {
    return this.#try(`${what} ${path}`, () => work(path));
  }

  #move(what: string, from: string, to: string, work: (from: string, to: string) => unknown): Promise<void> {
    return this.#try(`${what} ${from} ${to}`, () => work(from, to));
  }

  /** Much of it cannot be done, as in life. */
  async #try(what: string, work: () => unknown): Promise<void> {
    try {
      await work();
      this.trace.push(what);
    } catch (error) {
      this.trace.push(`${what} -> ${error}`);
    }
  }

  #newText(): string {
    this.#texts += 1;
    return `text ${this.#texts}`;
  }

  /** What this computer knows of, without asking the server. */
  #getPaths(wanted: 'file' | 'folder'): string[] {
    const { nodes } = this.#world.session();
    const found: string[] = [];
    const visit = (folder: Ino, above: string, depth: number) => {
      for (const { ino, kind, name } of nodes.getChildren(folder)) {
        const path = `${above}/${name}`;
        if (kind === wanted && path.startsWith(`${this.#top}/`)) found.push(path);
        if (kind !== 'file' && depth < deepest) visit(ino, path, depth + 1);
      }
    };
    visit(rootIno, '', 0);
    return found;
  }
}
