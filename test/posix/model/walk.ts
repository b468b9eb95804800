import { ModelError, type ModelFolder, type ModelNode } from './nodes.ts';

/** Makes names that the file system takes for one the same. */
export type Fold = (name: string) => string;

/** Where a path ends: the folder, the last name, and what has it. */
export interface Entry {
  readonly parent: ModelFolder;
  readonly name: string;
  readonly node: ModelNode | undefined;
  /** Folders from the root to `parent`. */
  readonly ancestors: readonly ModelFolder[];
}

/** As Linux: the 41st symlink is one too many. */
const linkMax = 40;

/**
 * Follows a path from `root`. Links on the way are followed, the last one when `follow`. Without a last name (the root
 * itself) `node` is the root.
 */
export function walk(root: ModelFolder, fold: Fold, path: string, follow: boolean): Entry {
  let links = 0;
  const step = (start: readonly ModelFolder[], given: string, followLast: boolean): Entry => {
    const names = given.split('/').filter((name) => name !== '' && name !== '.');
    let stack = [...start];
    for (const [index, name] of names.entries()) {
      const folder = stack.at(-1) as ModelFolder;
      const isLast = index === names.length - 1;
      if (name === '..') {
        if (stack.length > 1) stack.pop();
        continue;
      }
      const node = folder.children.get(fold(name))?.node;
      if (isLast && (node?.kind !== 'link' || !followLast)) return { parent: folder, name, node, ancestors: stack };
      if (node === undefined) throw new ModelError('ENOENT');
      if (node.kind === 'file') throw new ModelError('ENOTDIR');
      if (node.kind === 'folder') {
        stack.push(node);
        continue;
      }
      links += 1;
      if (links > linkMax) throw new ModelError('ELOOP');
      const target = step(stack, node.target, true);
      if (isLast) return target;
      if (target.node === undefined) throw new ModelError('ENOENT');
      if (target.node.kind !== 'folder') throw new ModelError('ENOTDIR');
      stack = target.node === target.parent ? [...target.ancestors] : [...target.ancestors, target.node];
    }
    const folder = stack.at(-1) as ModelFolder;
    return { parent: folder, name: '', node: folder, ancestors: stack };
  };
  return step([root], path, follow);
}
