import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { getArchitecture } from '../../../tools/setup/packages/binary.ts';
import { isMended, mendBinding } from '../../../tools/setup/packages/mendBinding.ts';
import { checkIntegrity } from '../../../tools/setup/packages/npmPackage.ts';
import { getPrebuilds, type NativeTarget, nativeParts, parseTarget } from '../../../tools/setup/packages/targets.ts';
import { root } from '../../../tools/setup/root.ts';

const natives = Object.keys(nativeParts) as NativeTarget[];
const readBinding = (target: NativeTarget) =>
  readFileSync(path.join(root, 'node_modules/fuse-native', getPrebuilds(target)[0] ?? ''));

describe('native parts of a package', () => {
  it('are told apart by what their files say they run on', () => {
    for (const target of natives) assert.equal(getArchitecture(readBinding(target)), target);
    assert.equal(getArchitecture(Buffer.from('#!/bin/sh\necho a script is no machine code\n')), undefined);
    assert.equal(getArchitecture(Buffer.concat([Buffer.from('MZ'), Buffer.alloc(62)])), 'other');
  });

  it('have a binding on macOS that does what it can of a change with a creation time', () => {
    for (const target of ['darwin-arm64', 'darwin-x64'] as const) {
      const published = readBinding(target);
      assert.ok(!isMended(target, published));
      const shipped = mendBinding(target, published);
      assert.ok(isMended(target, shipped));
      assert.equal(shipped.length, published.length);
      assert.throws(() => mendBinding(target, shipped), /another one/, 'it is made for one binding only');
    }
  });

  it('have a binding on macOS that tells the time of the last change for that of the creation, which it would put in 1970', () => {
    /** What is done between the stores of the two times, which follow each other in memory with a third between them. */
    const between = (binding: Buffer, modified: string, created: string) =>
      binding
        .subarray(binding.indexOf(Buffer.from(modified, 'hex')), binding.indexOf(Buffer.from(created, 'hex')))
        .toString('hex');
    const [arm, x64] = [readBinding('darwin-arm64'), readBinding('darwin-x64')];
    // stur q1, [x19, #40] … stur q1, [x19, #72], and whether `ldp q0, q1` gives q1 something else.
    const onArm = (binding: Buffer) => between(binding, '6182823c', '6182843c');
    assert.match(onArm(arm), /e00742ad/);
    assert.doesNotMatch(onArm(mendBinding('darwin-arm64', arm)), /e00742ad/);
    // movups [rbx + 40], xmm0 … movups [rbx + 72], xmm0, and from where xmm0 was loaded last: rbp - 96, or rbp - 128 as for the first.
    const onX64 = (binding: Buffer) => between(binding, '0f114328', '0f114348');
    assert.match(onX64(x64), /0f2845a0$/);
    assert.match(onX64(mendBinding('darwin-x64', x64)), /0f284580$/);
  });

  it('keep a signature that fits, without which macOS on Apple silicon ends the drive', () => {
    const shipped = mendBinding('darwin-arm64', readBinding('darwin-arm64'));
    shipped.writeUInt8(shipped.readUInt8(0x5000) ^ 1, 0x5000);
    assert.ok(!isMended('darwin-arm64', shipped), 'a byte that its hash does not know');
  });

  it('are left as they were published on Linux', () => {
    const published = readBinding('linux-x64');
    assert.equal(mendBinding('linux-x64', published), published);
  });

  it('are refused where their bytes are not those of package-lock.json', async () => {
    const dir = mkdtempSync(path.join(os.tmpdir(), 'tarball-'));
    const file = path.join(dir, 'x.tgz');
    writeFileSync(file, 'abc');
    // SHA-512 of "abc", FIPS 180-2.
    const known = 'sha512-3a81oZNherrMQXNJriBBMRLm+k6JqX6iCp7u5ktV05ohkpkqJ0/BqDa6PCOj/uu9RU1EI2Q86A4qmslPpUyknw==';
    await checkIntegrity(file, known);
    writeFileSync(file, 'abd');
    await assert.rejects(checkIntegrity(file, known), /x\.tgz is not what package-lock\.json names/);
    rmSync(dir, { recursive: true });
  });

  it('are asked for by a name that exists', () => {
    assert.equal(parseTarget('universal'), 'universal');
    assert.throws(() => parseTarget('win32-x64'), /There are: linux-x64/);
  });
});
