import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';

// `node tools/layers.ts`, part of `npm run lint`: fails when a file imports from a layer that it may not know, and on a circle of
// files. Type-only imports count as well: who needs a type needs to know where it lives. Only in tests may a part know the type
// of the whole that it is a part of.

const root = path.resolve(import.meta.dirname, '..');

const sync = ['src/store', 'src/content', 'src/base'];
const support = ['src', 'tools', 'test/support', 'test/emulator'];

/** Each layer and what it may import beside itself: the longest folder that a path begins with is its layer. */
const layers: Readonly<Record<string, readonly string[]>> = {
  'src/base': [],
  'src/protocol': ['src/base'],
  'src/store': ['src/base'],
  'src/content': ['src/store', 'src/base'],
  'src/sync/tree': sync,
  'src/sync/plan': ['src/sync/tree', ...sync],
  'src/sync/pull': ['src/sync/tree', 'src/sync/plan', ...sync],
  'src/sync/push': ['src/sync/pull', 'src/sync/tree', 'src/sync/plan', ...sync],
  'src/vfs': ['src/sync', 'src/store', 'src/content', 'src/base'],
  'src/volume': ['src/vfs', 'src/store', 'src/content', 'src/base'],
  'src/jottacloud': ['src/base'],
  'src/drive': [
    ...['src/volume', 'src/vfs', 'src/sync', 'src/store', 'src/content', 'src/jottacloud', 'src/protocol', 'src/base'],
  ],
  'src/extension': ['src/protocol', 'src/base'],
  tools: [],
  'tools/setup': ['test/semantics'],
  'tools/demo': ['src/extension', 'test/vscode', ...support],
  'test/emulator': [],
  'test/semantics': [],
  'test/support': ['src', 'tools', 'test/emulator'],
  'test/unit': ['test/semantics', 'test/posix', 'test/rclone', 'test/chaos', 'test/bench', ...support],
  'test/integration': ['test/posix', 'test/contract', 'test/live', 'test/chaos', ...support],
  'test/contract': support,
  'test/posix': support,
  'test/mount': ['test/posix', 'test/chaos', 'test/checkup', ...support],
  'test/nfs': ['test/posix', 'test/mount', ...support],
  'test/fuzz': ['test/posix', 'test/nfs', ...support],
  'test/chaos': support,
  'test/rclone': support,
  'test/checkup': support,
  'test/live': ['test/contract', ...support],
  'test/vscode': support,
  'test/bench': ['test/mount', 'test/nfs', ...support],
};

const importPattern = /(?:\bfrom|\bimport\(|^import)\s*'(\.[^']+)'/gm;

const isIn = (file: string, folder: string): boolean => file.startsWith(`${folder}/`);
const layerOf = (file: string): string | undefined =>
  Object.keys(layers)
    .filter((layer) => isIn(file, layer))
    .sort((a, b) => b.length - a.length)[0];

function readImports(file: string, typesToo = true): string[] {
  const all = readFileSync(path.join(root, file), 'utf8');
  const text = typesToo ? all : all.replace(/^import type [^;]*;/gm, '');
  const matches = text.matchAll(importPattern);
  return [...matches].map(([, specifier = '']) => path.posix.join(path.posix.dirname(file), specifier));
}

function checkLayer(file: string, imports: readonly string[]): string[] {
  const layer = layerOf(file);
  if (layer === undefined) return [`${file} is in no layer: tools/layers.ts lists them`];
  const known = layers[layer] ?? [];
  const isAllowed = (target: string) => layerOf(target) === undefined || [layer, ...known].some((f) => isIn(target, f));
  return imports
    .filter((target) => !isAllowed(target))
    .map((target) => `${file} imports ${target}: ${layer} may import ${known.join(', ') || 'nothing else'}`);
}

/** Each circle once, as the files along it; found by walking the imports of each file in depth. */
function findCircles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const circles: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, above: readonly string[]) => {
    const start = above.indexOf(file);
    if (start >= 0) circles.push([...above.slice(start), file].join(' → '));
    if (start >= 0 || done.has(file)) return;
    for (const target of graph.get(file) ?? []) visit(target, [...above, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  return circles;
}

const files = globSync('{src,test,tools}/**/*.{ts,mjs}', { cwd: root }).sort();
const complaints = [
  ...files.flatMap((file) => checkLayer(file, readImports(file))),
  ...findCircles(new Map(files.map((file) => [file, readImports(file, !isIn(file, 'test'))]))).map(
    (circle) => `a circle of imports: ${circle}`,
  ),
];
for (const complaint of complaints) console.error(complaint);
process.exitCode = complaints.length > 0 ? 1 : 0;
