import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type QuirkName, quirkTable } from '../emulator/quirks.ts';
import { signedIn } from './emulatorSupport.ts';
import type { QuirkCase } from './quirkProbe.ts';
import { contentQuirks } from './quirkProbesOfContent.ts';
import { moveQuirks } from './quirkProbesOfMoves.ts';

/** Every quirk but `eventSocket`, which has a suite of its own. */
const cases: Record<Exclude<QuirkName, 'eventSocket'>, QuirkCase> = { ...moveQuirks, ...contentQuirks };

describe('quirks of the emulator', { timeout: 120_000 }, () => {
  for (const [name, [probe, outcomes]] of Object.entries(cases)) {
    for (const value of quirkTable[name as QuirkName]) {
      it(`answer as they are set: ${name}=${value}`, async (test) => {
        const { emulator, client } = await signedIn(test, { quirks: { [name]: value } });
        assert.ok(Object.hasOwn(outcomes, value));
        assert.deepEqual(await probe(emulator, client), outcomes[value]);
      });
    }
  }

  it('are refused when there is no such quirk or no such value of it', async (test) => {
    await assert.rejects(signedIn(test, { quirks: { dedup: 'perhaps' } as never }));
    await assert.rejects(signedIn(test, { quirks: { toString: 'on' } as never }));
  });
});
