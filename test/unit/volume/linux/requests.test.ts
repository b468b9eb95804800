import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { silentLog } from '../../../../src/base/log.ts';
import type { Device } from '../../../../src/volume/linux/device.ts';
import {
  answerHeader,
  answers,
  opcodes,
  requestHeader,
  requests,
  write64,
} from '../../../../src/volume/linux/layouts.ts';
import { MovedFolders } from '../../../../src/volume/linux/movedFolders.ts';
import { Requests } from '../../../../src/volume/linux/requests.ts';
import type { Served } from '../../../../src/volume/linux/served.ts';

it('a copy within the volume that is longer than its answer can tell is answered in part', async () => {
  const sent: Buffer[] = [];
  const device = { send: (...parts: Buffer[]) => void sent.push(Buffer.concat(parts)), giveBack: () => {} };
  const served = {
    moved: new MovedFolders(),
    view: { readOnly: false, log: silentLog },
    // All of a clean file is shared.
    vfs: { copyRange: async (_from: unknown, _to: unknown, length: number) => Math.min(length, 5 * 2 ** 30) },
    ids: { toIno: (id: number) => id },
    written: new Set(),
    repeats: { find: () => undefined },
  } as unknown as Served;
  const buffer = Buffer.alloc(requests.copyFileRange.bytes);
  buffer.writeUInt32LE(buffer.length, requestHeader.length);
  buffer.writeUInt32LE(opcodes.copyFileRange, requestHeader.opcode);
  write64(buffer, 7, requestHeader.unique);
  write64(buffer, 2 ** 40, requests.copyFileRange.length);
  new Requests(served, device as unknown as Device).receive(buffer, buffer.length);
  await turn();
  assert.equal(sent.length, 1, 'answered');
  assert.equal(sent[0]?.readInt32LE(answerHeader.error), 0);
  assert.ok((sent[0]?.readUInt32LE(answers.write.size) ?? 0) > 0);
});
