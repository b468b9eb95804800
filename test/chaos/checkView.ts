import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { md5 } from '../support/md5.ts';

import type { Hands } from './hands.ts';
import type { ServerState } from './serverState.ts';
import { mayBeSpoilt, type Stage } from './stage.ts';

/** Four polls of a second each and their listings; the fourth lists every folder (sync/tree/limits.ts). ms. */
const agreeMs = 40_000;

/** The volume shows what the server has, once a poll has gone by. Answers what differs. */
export async function checkView(stage: Stage, server: ServerState): Promise<string[]> {
  const { hands, top } = stage;
  const end = performance.now() + agreeMs;
  for (;;) {
    const differences = compare(await walk(hands, top, ''), server);
    // Another content of the same size shows by its bytes alone.
    const findings = differences.length > 0 ? differences : await checkBytes(stage, server);
    if (findings.length === 0 || performance.now() > end) return findings;
    await delay(200);
  }
}

type View = Map<string, number | 'folder' | { readonly error: string }>;

async function walk(hands: Hands, top: string, path: string, view: View = new Map()): Promise<View> {
  const listed = await hands.call('readdir', join(top, path));
  if (listed.code !== undefined) return view.set(path, { error: listed.code });
  for (const name of listed.value) {
    const at = path === '' ? name : `${path}/${name}`;
    const stat = await hands.call('stat', join(top, at));
    if (stat.code !== undefined) view.set(at, { error: stat.code });
    else view.set(at, stat.value.isFile ? stat.value.size : 'folder');
    if (stat.code === undefined && !stat.value.isFile) await walk(hands, top, at, view);
  }
  return view;
}

function compare(view: View, server: ServerState): string[] {
  const wanted: View = new Map([...server.files].map(([path, { size }]) => [path, size]));
  for (const path of server.folders) wanted.set(path, 'folder');
  const findings = [];
  for (const path of new Set([...view.keys(), ...wanted.keys()])) {
    const [shown, held] = [view.get(path), wanted.get(path)];
    if (shown !== held) findings.push(`the volume shows ${say(shown)} at ${path}, the server has ${say(held)}`);
  }
  return findings;
}

async function checkBytes(stage: Stage, server: ServerState): Promise<string[]> {
  const findings = [];
  for (const [path, file] of server.files) {
    if (mayBeSpoilt(stage, file.size)) continue;
    const read = await stage.hands.call('readFile', join(stage.top, path));
    if (read.code !== undefined) findings.push(`${path} cannot be read: ${read.code}`);
    else if (md5(Buffer.from(read.value)) !== file.md5) {
      findings.push(`${path} reads ${md5(Buffer.from(read.value))}, the server has ${file.md5}`);
    }
  }
  return findings;
}

function say(shown: number | 'folder' | { readonly error: string } | undefined): string {
  if (shown === undefined) return 'nothing';
  if (typeof shown === 'number') return `a file of ${shown} bytes`;
  return shown === 'folder' ? 'a folder' : shown.error;
}
