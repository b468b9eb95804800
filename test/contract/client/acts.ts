import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { isJottaError, type JottaErrorKind } from '../../../src/jottacloud/errors.ts';
import type { AllocateRequest, JottaFile, JottaPath } from '../../../src/jottacloud/types.ts';
import { md5 } from '../../support/md5.ts';
import type { ContractWorld } from './world.ts';

/** What cases do again and again, through the client alone. */

/** Epoch seconds of what cases write, unless they say otherwise. */
export const someTime = 1_700_000_000;

export function at(world: ContractWorld, ...names: string[]): JottaPath {
  return [...world.folder, ...names];
}

/** Content that the service cannot have seen before, so that nothing but a transfer brings it there. */
export function fresh(size = 24): Buffer {
  return randomBytes(size);
}

export function requestOf(bytes: Buffer, more: Partial<AllocateRequest> = {}): AllocateRequest {
  return { size: bytes.length, md5: md5(bytes), modified: someTime, onConflict: 'newRevision', ...more };
}

/** Brings content to a path; resolves with whether the service had it already. */
export async function store(
  { client, signal }: ContractWorld,
  path: JottaPath,
  bytes: Buffer,
  more: Partial<AllocateRequest> = {},
): Promise<'known' | 'sent'> {
  const { completed, uploadUrl, resumePos } = await client.allocate(path, requestOf(bytes, more), signal);
  if (completed) return 'known';
  const body = Readable.from([bytes.subarray(resumePos)], { objectMode: false });
  const result = await client.upload(uploadUrl, body, { start: resumePos, size: bytes.length }, signal);
  assert.deepEqual([result.md5, result.size], [md5(bytes), bytes.length]);
  return 'sent';
}

/** Stores fresh content of that size and returns it. */
export async function storeFresh(world: ContractWorld, path: JottaPath, size = 24): Promise<Buffer> {
  const bytes = fresh(size);
  await store(world, path, bytes);
  return bytes;
}

/** The whole content of a live file, or of one of its revisions. */
export async function read(world: ContractWorld, path: JottaPath, revision?: JottaFile): Promise<Buffer> {
  const { size } = revision ?? (await world.client.fetchFile(path, world.signal));
  return readRange(world, path, { start: 0, end: size, size }, revision?.revision);
}

export async function readRange(
  { client, signal }: ContractWorld,
  path: JottaPath,
  range: { start: number; end: number; size: number },
  revision?: number,
): Promise<Buffer> {
  const wanted = { ...range, ...(revision === undefined ? {} : { revision }) };
  const parts: Buffer[] = [];
  for await (const chunk of await client.download(path, wanted, signal)) parts.push(Buffer.from(chunk));
  return Buffer.concat(parts);
}

/** Names of a listing in order, folders with a slash. */
export async function list({ client, signal }: ContractWorld, path: JottaPath): Promise<string[]> {
  const entries = await client.fetchFolder(path, signal);
  return entries.map(({ kind, name }) => (kind === 'folder' ? `${name}/` : name)).sort();
}

/** The kind of a refusal, or `done`. Anything that is not the client's own error fails the case. */
export async function outcomeOf(work: Promise<unknown>): Promise<JottaErrorKind | 'done'> {
  try {
    await work;
    return 'done';
  } catch (error) {
    if (!isJottaError(error)) throw error;
    return error.kind;
  }
}

export async function refused(kind: JottaErrorKind, work: Promise<unknown>): Promise<void> {
  assert.equal(await outcomeOf(work), kind);
}

/** Content of a live file, or what stands in its way. */
export async function holds(world: ContractWorld, path: JottaPath, bytes: Buffer): Promise<void> {
  const file = await world.client.fetchFile(path, world.signal);
  assert.deepEqual([file.size, file.md5], [bytes.length, md5(bytes)]);
  assert.ok((await read(world, path)).equals(bytes), 'other bytes were read than were stored');
}
