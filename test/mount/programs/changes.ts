import assert from 'node:assert/strict';
import type { RecordedRequest } from '../../emulator/requestLog.ts';
import type { RequestKind } from '../../emulator/stats.ts';
import { RawClient } from '../../support/emulation.ts';
import type { Stage } from './support.ts';

/** A file as the server keeps it over all its revisions. */
export interface ServerFile {
  readonly uuid: string;
  readonly revision: number;
  readonly md5: string;
}

/** Asks the server for a file of the volume, live or in the trash; undefined when it never had one of that name. */
export async function fetchServerFile(stage: Stage, path: string): Promise<ServerFile | undefined> {
  const client = await RawClient.signIn(stage.world.emulator);
  const { status, text } = await client.get(`/Jotta/Archive/${path}`);
  if (status === 404) return undefined;
  const find = (pattern: RegExp) => pattern.exec(text)?.[1] ?? assert.fail(`no ${pattern} in ${text}`);
  return {
    uuid: find(/uuid="([^"]+)"/),
    revision: Number(find(/<number>(\d+)<\/number>/)),
    md5: find(/<md5>(\w+)<\/md5>/),
  };
}

const reading: ReadonlySet<RequestKind> = new Set([
  ...(['wellKnown', 'token', 'customer', 'list', 'file', 'download', 'liststream', 'other'] as const),
]);

/** A request that changes the account; `target` holds the names it is about, decoded. */
export interface Change {
  readonly kind: RequestKind;
  readonly target: string;
}

/** Starts a record of the requests that change the account; the returned function tells what came since. */
export function recordChanges({ world: { emulator } }: Stage): () => Change[] {
  const before = emulator.requests().length;
  return () => emulator.requests().slice(before).filter(isChange).map(toChange);
}

function isChange({ kind }: RecordedRequest): boolean {
  return !reading.has(kind);
}

function toChange({ kind, url, body }: RecordedRequest): Change {
  if (kind === 'allocate') return { kind, target: (JSON.parse(body) as { path: string }).path };
  return { kind, target: kind === 'upload' ? '' : decodeURIComponent(url) };
}
