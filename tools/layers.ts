import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';

// `node tools/layers.ts`, part of `npm run lint`: fails when a file of src/ imports from a layer that it may not know.
// Type-only imports count as well: who needs a type needs to know the layer. (Circles are Biome's noImportCycles.)

const root = path.resolve(import.meta.dirname, '..');

/** Each layer and what it may import beside itself: the longest folder that a path begins with is its layer. */
const layers: Readonly<Record<string, readonly string[]>> = {
  'src/base': [],
  'src/protocol': ['src/base'],
  'src/store': ['src/base'],
  'src/content': ['src/store', 'src/base'],
  'src/sync/tree': ['src/store', 'src/content', 'src/base'],
  'src/sync/plan': ['src/sync/tree', 'src/store', 'src/content', 'src/base'],
  'src/sync/pull': ['src/sync/tree', 'src/sync/plan', 'src/store', 'src/content', 'src/base'],
  'src/sync/push': ['src/sync/pull', 'src/sync/tree', 'src/sync/plan', 'src/store', 'src/content', 'src/base'],
  'src/vfs': ['src/sync', 'src/store', 'src/content', 'src/base'],
  'src/volume': ['src/vfs', 'src/store', 'src/content', 'src/base'],
  'src/jottacloud': ['src/base'],
  'src/drive': [
    'src/volume',
    'src/vfs',
    'src/sync',
    'src/store',
    'src/content',
    'src/jottacloud',
    'src/protocol',
    'src/base',
  ],
  'src/extension': ['src/protocol', 'src/base'],
};

const importPattern = /(?:\bfrom|\bimport\(|^import)\s*'(\.[^']+)'/gm;

const isIn = (file: string, folder: string): boolean => file.startsWith(`${folder}/`);
const layerOf = (file: string): string | undefined =>
  Object.keys(layers)
    .filter((layer) => isIn(file, layer))
    .sort((a, b) => b.length - a.length)[0];

const complaints: string[] = [];
for (const file of globSync('src/**/*.ts', { cwd: root }).sort()) {
  const layer = layerOf(file);
  if (layer === undefined) {
    complaints.push(`${file} is in no layer: tools/layers.ts lists them`);
    continue;
  }
  const allowed = [layer, ...(layers[layer] ?? [])];
  for (const [, specifier = ''] of readFileSync(path.join(root, file), 'utf8').matchAll(importPattern)) {
    const target = path.posix.join(path.posix.dirname(file), specifier);
    if (!isIn(target, 'src') || allowed.some((folder) => isIn(target, folder))) continue;
    complaints.push(
      `${file} imports ${target}: ${layer} may import ${(layers[layer] ?? []).join(', ') || 'nothing else'}`,
    );
  }
}
for (const complaint of complaints) console.error(complaint);
process.exitCode = complaints.length > 0 ? 1 : 0;
