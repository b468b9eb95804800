// `npm run test:mangled [-- --minutes N]`: what mangled.test.ts does, over and over. Prints how often each thing was mangled, and what
// the drives warned of.

import { parseArgs } from 'node:util';
import { cases, deal } from './mangles.ts';
import { openPlace, tryCase } from './round.ts';

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' } } });
const end = performance.now() + Number(values.minutes) * 60_000;

let failures = 0;
const counts = new Map(cases.map(({ name }) => [name, { uses: 0, mangled: 0 }]));
const warnings = new Map<string, number>();

for (let round = 0; performance.now() < end; round += 1) {
  for (const hand of deal(6)) {
    const place = await openPlace();
    for (const mangle of hand) {
      const count = counts.get(mangle.name) as { uses: number; mangled: number };
      try {
        count.mangled += await tryCase(place, mangle, round);
        count.uses += 1;
      } catch (error) {
        failures += 1;
        console.log(`FAILED in round ${round}: ${mangle.name}\n${(error as Error).message}`);
      }
    }
    for (const [, text = ''] of place.drive.log().matchAll(/ (?:WARN|ERROR) (.*?)(?: \w+=|$)/gm)) {
      warnings.set(text, (warnings.get(text) ?? 0) + 1);
    }
    await place.close();
    if (performance.now() > end) break;
  }
}
for (const [name, { uses, mangled }] of counts) console.log(`${name}: used ${uses} times, ${mangled} mangled`);
for (const [text, count] of warnings) console.log(`warned ${count} times: ${text}`);
console.log(`${failures} failures`);
process.exit(failures > 0 ? 1 : 0);
