import assert from 'node:assert/strict';
import { type FileNode, FilesTree } from '../../../src/extension/views/filesTree.ts';
import type { EntryInfo } from '../../../src/protocol/state.ts';
import { waitFor } from './support.ts';

const entry = (path: string, kind: EntryInfo['kind'] = 'file'): EntryInfo => {
  const name = path.split('/').at(-1) as string;
  return { name, path, kind, size: 0, modifiedMs: 0, sync: 'cloud', pin: 'none', link: false, readOnly: false };
};

/** A tree whose listings are answered by the test, one after the other, and what it has VS Code draw anew. */
function createTree() {
  const asked: { path: string; answer: (entries: readonly EntryInfo[]) => void; fail: (error: Error) => void }[] = [];
  const request = (_type: unknown, { path }: { path: string }) =>
    new Promise<readonly EntryInfo[]>((answer, fail) => void asked.push({ path, answer, fail }));
  const onScreen = new Set<string>();
  const isOnScreen = (folder: string) => onScreen.has(folder);
  const tree = new FilesTree({ request } as never, { list: () => [] } as never, async () => true, isOnScreen);
  const drawn: (FileNode | undefined)[] = [];
  tree.onDidChangeTreeData((node) => drawn.push(node));
  const next = async () => {
    await waitFor('a listing', () => asked.length > 0 || undefined);
    return asked.shift() as (typeof asked)[number];
  };
  return { tree, drawn, asked, next, onScreen };
}

describe('the tree of files', () => {
  it('draws a folder anew that changed while it was listed for the first time', async () => {
    const { tree, drawn, next } = createTree();
    const rows = tree.getChildren();
    const first = await next();
    tree.refresh('/');
    first.answer([entry('/a')]);
    assert.equal((await rows).length, 2, 'the file and the trash');
    assert.deepEqual(drawn, []);
    (await next()).answer([entry('/a'), entry('/b')]);
    await waitFor('it is drawn', () => drawn.length > 0 || undefined);
    assert.deepEqual(drawn, [undefined]);
  });

  it('leaves a folder alone that was never opened', async () => {
    const { tree, drawn, asked, next } = createTree();
    const rows = tree.getChildren();
    (await next()).answer([entry('/F', 'folder')]);
    await rows;
    tree.refresh('/F');
    assert.deepEqual([drawn, asked], [[], []]);
  });

  it('draws all anew when the rows of a folder on the screen are not asked for, though they changed', async () => {
    const { tree, drawn, next, onScreen } = createTree();
    const top = tree.getChildren();
    (await next()).answer([entry('/F', 'folder')]);
    const [folder] = await top;
    const rows = tree.getChildren(folder);
    (await next()).answer([entry('/F/a')]);
    await rows;
    onScreen.add('/F');
    tree.refresh('/F');
    (await next()).answer([entry('/F/a'), entry('/F/b')]);
    await waitFor('all is drawn', () => drawn.length === 2 || undefined);
    assert.deepEqual(drawn, [folder, undefined]);
    tree.dispose();
  });

  it('draws all once more when rows that were waited for as all was drawn are not asked for again', async () => {
    const { tree, drawn, next, onScreen } = createTree();
    onScreen.add('/');
    const top = tree.getChildren();
    (await next()).answer([entry('/F', 'folder')]);
    const [folder] = await top;
    const rows = tree.getChildren(folder);
    const listing = await next();
    tree.reset();
    listing.answer([]);
    await rows;
    await waitFor('all is drawn twice', () => drawn.length === 2 || undefined);
    assert.deepEqual(drawn, [undefined, undefined]);
    tree.dispose();
  });

  it('draws a folder anew that could not be listed, once it is known to have changed', async () => {
    const { tree, drawn, next } = createTree();
    const rows = tree.getChildren();
    (await next()).fail(new Error('not now'));
    assert.equal((await rows)[0]?.kind, 'failed');
    tree.refresh('/');
    assert.deepEqual(drawn, [undefined]);
  });
});
