import { isDeepStrictEqual } from 'node:util';
import { caseInsensitive, caseSensitive, createModel, type Model } from '../model/model.ts';
import type { ModelFolder, ModelNode } from '../model/nodes.ts';
import type { Content, Operation } from '../operations.ts';
import * as fs from '../steps.ts';
import { createRandom, type Random } from './random.ts';

export interface GeneratorOptions {
  readonly seed: number;
  readonly operations: number;
  /** Names are also spelled in other cases, as a case-insensitive file system takes them for the same. */
  readonly otherCases?: boolean;
  /** Without what only a kernel does: maps and permissions. */
  readonly withoutKernel?: boolean;
  /** What the file system is not asked for. */
  readonly without?: (operation: Operation) => boolean;
  /** Now and then the file system goes and comes back. */
  readonly remounts?: boolean;
}

/** Few, so that they collide; different from each other in any case. */
const names = ['a', 'b', 'c', 'd.txt', 'x y', 'F\u00f8\u00f8'];
const handles = ['h0', 'h1', 'h2', 'h3', 'h4', 'h5'];
const xattrNames = ['user.a', 'user.b'];
const statFields: fs.Field[] = ['kind', 'size', 'mode'];
const depthMax = 3;

/** The whole tree is looked at this often, and at the end. */
const treeEvery = 250;
/** One remount in so many operations. */
const remountEvery = 1_200;

/** The same operations for the same options. A model runs along, so that most of them find what they need. */
export function generateOperations(options: GeneratorOptions): Operation[] {
  const random = createRandom(options.seed);
  const model = createModel(options.otherCases === true ? caseInsensitive : caseSensitive);
  const choose = createChooser(random, model, options);
  const operations: Operation[] = [];
  while (operations.length < options.operations) {
    const due = operations.length % treeEvery === treeEvery - 1;
    const remounts = options.remounts === true && random.below(remountEvery) === 0;
    const operation = due ? fs.tree('') : remounts ? fs.remount() : choose();
    if (options.without?.(operation) === true) continue;
    model.perform(operation);
    operations.push(operation);
  }
  return [...operations, fs.tree('')];
}

function createChooser(random: Random, model: Model, options: GeneratorOptions): () => Operation {
  const spell = (name: string) => {
    if (options.otherCases !== true || random.chance(0.7)) return name;
    return random.chance(0.5) ? name.toUpperCase() : name.toLowerCase().normalize('NFD');
  };
  const spellPath = (path: string) => path.split('/').map(spell).join('/');
  const anyPath = () => {
    const folders = ['', ...listPaths(model.root, ['folder'])].filter((path) => path.split('/').length < depthMax);
    const folder = random.chance(0.85) ? random.pick(folders) : random.pick(names);
    return spellPath(folder === '' ? random.pick(names) : `${folder}/${random.pick(names)}`);
  };
  /** Mostly something of that kind that is there. */
  const path = (...kinds: ('file' | 'folder' | 'link')[]) => {
    const there = listPaths(model.root, kinds);
    return there.length > 0 && random.chance(0.8) ? spellPath(random.pick(there)) : anyPath();
  };
  const fh = () => {
    const open = [...model.handles.keys()];
    return open.length > 0 && random.chance(0.9) ? random.pick(open) : random.pick(handles);
  };
  /** A handle on what still has a name: the attributes of a removed file are lost with its folder (differences.ts). */
  const namedFh = () => {
    const named = new Set(listNodes(model.root));
    const open = [...model.handles].filter(([, { node }]) => named.has(node));
    return open.length > 0 ? random.pick(open)[0] : 'none';
  };
  const size = () => random.pick([0, 1, 10, 100, 4095, 4096, 5000, 65_536, 100_000, 270_000]) + random.below(20);
  const data = (): Content =>
    random.chance(0.4) ? `text ${random.below(1000)}` : { seed: random.below(256), length: 1 + size() };
  const at = () => (random.chance(0.4) ? null : size());
  const flags = () => {
    const access = random.pick(['O_RDONLY', 'O_RDWR', 'O_RDWR', 'O_RDWR', 'O_WRONLY']);
    const extra = [
      ...(random.chance(0.5) ? ['O_CREAT'] : []),
      ...(random.chance(0.1) ? ['O_EXCL', 'O_CREAT'] : []),
      ...(random.chance(0.15) ? ['O_TRUNC'] : []),
      ...(random.chance(0.15) ? ['O_APPEND'] : []),
      ...(random.chance(0.05) ? ['O_SYNC'] : []),
    ];
    return [access, ...new Set(extra)].join('|');
  };
  const time = () => `${1_000_000_000 + random.below(1000)}.${String(random.below(1e9)).padStart(9, '0')}`;

  /** A folder stays open to its owner: the model does not check its mode. */
  const chmod = (chosen: string) => {
    const found = model.perform(fs.stat(chosen, 'kind'));
    const isFolder = 'value' in found && isDeepStrictEqual(found.value, { kind: 'folder' });
    return fs.chmod(chosen, random.pick(isFolder ? [0o755, 0o700] : fileModes));
  };

  const fileModes = options.withoutKernel === true ? [0o644, 0o600, 0o755] : [0o644, 0o600, 0o444, 0o755, 0o200];

  const makers: readonly (readonly [weight: number, make: () => Operation])[] = [
    [12, () => fs.open(random.pick(handles), path('file', 'link'), flags(), random.pick(fileModes))],
    [6, () => fs.close(fh())],
    [9, () => fs.read(fh(), 1 + size(), at())],
    [14, () => fs.write(fh(), data(), at())],
    [4, () => fs.ftruncate(fh(), size())],
    [3, () => fs.truncate(path('file'), size())],
    [3, () => fs.fsync(fh())],
    [5, () => fs.fstat(namedFh(), ...statFields)],
    [options.withoutKernel === true ? 0 : 4, () => fs.store(namedFh(), random.below(200_000), data())],
    [3, () => fs.fallocate(fh(), random.pick(['', 'KEEP_SIZE', 'PUNCH_HOLE', 'PUNCH_HOLE']), size(), 1 + size())],
    [4, () => fs.copyRange(fh(), fh(), 1 + size(), at(), at())],
    [6, () => fs.save(path('file'), data())],
    [6, () => fs.load(path('file', 'link'))],
    [7, () => fs.rename(path('file', 'link'), path('file', 'folder', 'link'))],
    [4, () => fs.rename(path('folder'), path('folder'))],
    [3, () => fs.rename(path('file', 'folder', 'link'), path('file', 'folder', 'link'), 'EXCHANGE')],
    [2, () => fs.rename(path('file', 'folder'), anyPath(), 'NOREPLACE')],
    [6, () => fs.unlink(path('file', 'link'))],
    [6, () => fs.mkdir(anyPath(), random.pick([0o755, 0o700]))],
    [3, () => fs.rmdir(path('folder'))],
    [3, () => fs.symlink(random.pick(['a', 'b', 'c', 'd.txt', 'a/b', './x y']), anyPath())],
    [1, () => fs.readlink(path('link'))],
    [
      3,
      () =>
        fs.setxattr(
          path('file', 'folder'),
          random.pick(xattrNames),
          data16(random),
          random.pick(['', '', 'XATTR_CREATE', 'XATTR_REPLACE']),
        ),
    ],
    [2, () => fs.getxattr(path('file', 'folder'), random.pick(xattrNames))],
    [1, () => fs.listxattr(path('file', 'folder'))],
    [1, () => fs.removexattr(path('file', 'folder'), random.pick(xattrNames))],
    [4, () => fs.utimens(path('file', 'folder'), 'omit', random.pick([time(), time(), 'now', 'omit']))],
    [2, () => chmod(path('file', 'folder'))],
    [3, () => fs.list(random.chance(0.2) ? '' : path('folder'))],
    [4, () => fs.stat(path('file', 'folder', 'link'), ...statFields)],
    [1, () => fs.lstat(path('link'), ...statFields)],
  ];
  const bag = makers.flatMap(([weight, make]) => Array.from({ length: weight }, () => make));
  return () => random.pick(bag)();
}

const data16 = (random: Random): Content => `value ${random.below(100)}`;

const listNodes = (folder: ModelFolder): ModelNode[] =>
  [...folder.children.values()].flatMap(({ node }) => [node, ...(node.kind === 'folder' ? listNodes(node) : [])]);

/** Paths of what is there, not through links. */
function listPaths(folder: ModelFolder, kinds: readonly string[], above = ''): string[] {
  return [...folder.children.values()].flatMap(({ name, node }) => [
    ...(kinds.includes(node.kind) ? [`${above}${name}`] : []),
    ...(node.kind === 'folder' ? listPaths(node, kinds, `${above}${name}/`) : []),
  ]);
}
