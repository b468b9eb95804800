import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { deal } from './mangles.ts';
import { openPlace, type Place, tryCase } from './round.ts';

describe('a volume is read, written and sent up behind something that', { concurrency: 3, timeout: 170_000 }, () => {
  for (const [index, cases] of deal(6).entries()) {
    describe(`mangles one thing after the other (${index + 1})`, { concurrency: 1 }, () => {
      let place: Place;
      before(async () => {
        place = await openPlace();
      });
      after(() => place.close());
      for (const mangle of cases) {
        it(mangle.name, async () => assert.notEqual(await tryCase(place, mangle), 0, 'nothing was mangled'));
      }
    });
  }
});
