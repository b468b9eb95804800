import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Entry, Model } from './model.ts';

/** One file or folder that a request is to make. */
export interface Planned {
  /** Below the folder that it is made in. */
  readonly path: string;
  /** undefined: a folder. */
  readonly content: Buffer | undefined;
  /** What it is copied from. */
  readonly source?: Entry | undefined;
}

/** A folder before what is in it. */
export type Plan = readonly Planned[];

/** What a copy of `entry` under that name is made of. */
export function planCopy(model: Model, entry: Entry, name: string): Plan {
  const above = model.getPath(entry).length;
  return [entry, ...model.getBelow(entry)].map((each) => ({
    path: name + model.getPath(each).slice(above),
    content: each.file?.view,
    source: each,
  }));
}

/** Makes it on this computer. */
export async function writePlan(folder: string, plan: Plan): Promise<void> {
  for (const { path, content } of plan) {
    if (content === undefined) await mkdir(join(folder, path));
    else await writeFile(join(folder, path), content);
  }
}
