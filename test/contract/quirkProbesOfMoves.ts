import type { Emulator } from '../emulator/emulator.ts';
import type { QuirkName } from '../emulator/quirks.ts';
import type { RawClient } from '../support/emulation.ts';
import { livePaths } from './emulatorSupport.ts';
import { type QuirkCase, revisionOf, top } from './quirkProbe.ts';

/** Live paths below Archive after a move or copy of `/a` to `/b`, with its status. */
async function afterMove(emulator: Emulator, client: RawClient, command: string, from = 'a', to = 'b') {
  const { status } = await client.post(`${top}/${from}`, `?${command}=${client.target(`${top}/${to}`)}`);
  return `${status} ${livePaths(emulator)
    .map((path) => path.slice('Archive/'.length))
    .join(' ')}`;
}

async function twoFiles(emulator: Emulator): Promise<void> {
  await emulator.put(`${top}/a`, 'from');
  await emulator.put(`${top}/b`, 'to');
}

async function twoFolders(emulator: Emulator): Promise<void> {
  await emulator.put(`${top}/a/x`, 'from');
  await emulator.put(`${top}/b/x`, 'to');
}

/** Quirks of moves, copies, removals and the trash. */
export const moveQuirks = {
  moveOntoLive: [
    async (emulator, client) => {
      await twoFiles(emulator);
      return `${await afterMove(emulator, client, 'mv')} r${await revisionOf(client, 'b')}`;
    },
    { 409: '409 a b r1', 'new-revision': '200 b r2' },
  ],
  moveOntoTrashed: [
    async (emulator, client) => {
      await twoFiles(emulator);
      emulator.remove(`${top}/b`);
      return afterMove(emulator, client, 'mv');
    },
    { live: '200 b', 'stays-trashed': '200 ', 409: '409 a' },
  ],
  moveFolderOntoLive: [
    async (emulator, client) => {
      await twoFolders(emulator);
      await emulator.put(`${top}/a/y`, 'y');
      return `${await afterMove(emulator, client, 'mvDir')} r${await revisionOf(client, 'b/x')}`;
    },
    { 409: '409 a a/x a/y b b/x r1', merge: '200 b b/x b/y r2' },
  ],
  moveFolderOntoTrashed: [
    async (emulator, client) => {
      await twoFolders(emulator);
      emulator.remove(`${top}/b`);
      return afterMove(emulator, client, 'mvDir');
    },
    { live: '200 b b/x', 409: '409 a a/x' },
  ],
  moveMakesParents: [
    async (emulator, client) => {
      await emulator.put(`${top}/a`, 'from');
      return afterMove(emulator, client, 'mv', 'a', 'p/b');
    },
    { yes: '200 p p/b', 404: '404 a' },
  ],
  moveAnswer: [
    async (emulator, client) => {
      await emulator.put(`${top}/a`, 'from');
      return afterMove(emulator, client, 'mv');
    },
    { 200: '200 b', '500-though-done': '500 b', '404-though-done': '404 b' },
  ],
  caseRename: [
    async (emulator, client) => {
      await emulator.put(`${top}/a`, 'from');
      return afterMove(emulator, client, 'mv', 'a', 'A');
    },
    { allowed: '200 A', 409: '409 a' },
  ],
  copyOntoLive: [
    async (emulator, client) => {
      await twoFiles(emulator);
      return `${await afterMove(emulator, client, 'cp')} r${await revisionOf(client, 'b')}`;
    },
    { 409: '409 a b r1', 'new-revision': '200 a b r2' },
  ],
  copyOntoTrashed: [
    async (emulator, client) => {
      await twoFiles(emulator);
      emulator.remove(`${top}/b`);
      return afterMove(emulator, client, 'cp');
    },
    { 'stays-trashed': '200 a', live: '200 a b' },
  ],
  conflictStatus: [
    async (emulator, client) => {
      await emulator.put(`${top}/f`, 'x');
      const { status, error_id } = await client.allocate(`${top}/f`, 'y', { conflict_handler: 'REJECT_CONFLICTS' });
      return [status, error_id];
    },
    {
      409: [409, 'UniqueFileException'],
      400: [400, 'UniqueFileException'],
      412: [412, 'UniqueFileException'],
      ignored: [200, undefined],
      refused: [400, 'InvalidArgumentException'],
    },
  ],
  dlOnFolder: [
    async (emulator, client) => {
      emulator.mkdir(`${top}/a`);
      const { status } = await client.post(`${top}/a`, '?dl=true');
      return [status, (await client.get('/Jotta/Trash')).text.includes('name="a"')];
    },
    { vanishes: [200, false], trash: [200, true], 404: [404, false] },
  ],
  dlOnMountPoint: [
    async (_emulator, client) => {
      await client.post('/Laptop/Documents', '?dl=true');
      return (await client.get('/Laptop')).text.includes('Documents');
    },
    { trash: true, gone: false },
  ],
  dlOfTrashed: [
    async (emulator, client) => {
      await emulator.put(`${top}/f`, 'x');
      emulator.remove(`${top}/f`);
      return (await client.post(`${top}/f`, '?dl=true')).status;
    },
    { 200: 200, 404: 404 },
  ],
  trashedCase: [
    async (emulator, client) => {
      await emulator.put(`${top}/f`, 'x');
      emulator.mkdir(`${top}/d`);
      emulator.remove(`${top}/f`);
      emulator.remove(`${top}/d`);
      await client.upload(`${top}/F`, 'y');
      await client.post(`${top}/D`, '?mkDir=true');
      return livePaths(emulator);
    },
    { new: ['Archive/F', 'Archive/D'], old: ['Archive/f', 'Archive/d'] },
  ],
  rmDirRecreated: [
    async (emulator, client) => {
      emulator.mkdir(`${top}/a`);
      emulator.remove(`${top}/a`);
      // Made again beside the trashed one: mkDir by this client would bring that back.
      emulator.mkdir(`${top}/b`);
      emulator.move(`${top}/b`, `${top}/a`);
      await client.post(`${top}/a`, '?rmDir=true');
      return (await client.get(`${top}/a`)).status;
    },
    { all: 404, 'live-only': 200 },
  ],
  mkDirUntrashes: [
    async (emulator, client) => {
      await emulator.put(`${top}/a/x`, 'x');
      emulator.remove(`${top}/a`);
      await client.post(`${top}/a`, '?mkDir=true');
      return livePaths(emulator);
    },
    { on: ['Archive/a'], recursive: ['Archive/a', 'Archive/a/x'], off: [] },
  ],
  trashedChildren: [
    async (emulator, client) => {
      await emulator.put(`${top}/a/x`, 'x');
      emulator.remove(`${top}/a`);
      return /total="(\d)"/.exec((await client.get(`${top}/a`)).text)?.[1];
    },
    { listed: '1', hidden: '0' },
  ],
  trashPaths: [
    async (emulator, client) => {
      await emulator.put(`${top}/a/x`, 'x');
      emulator.remove(`${top}/a`);
      const { status, text } = await client.get('/Jotta/Trash/a/x');
      return [status, /<path [^>]+>([^<]+)/.exec(text)?.[1], /<abspath [^>]+>([^<]+)/.exec(text)?.[1]];
    },
    {
      404: [404, undefined, undefined],
      readable: [200, '/u0emulator/Jotta/Trash/a', '/u0emulator/Jotta/Archive/a'],
    },
  ],
} satisfies Partial<Record<QuirkName, QuirkCase>>;
