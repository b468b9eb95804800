import { parseArgs } from 'node:util';
import { startMachine } from '../nfs/vm/machine.ts';
import { mountDrive } from '../nfs/vm/place.ts';
import { isBeyondNfs } from '../posix/nfsDifferences.ts';
import { startMountRace } from '../posix/random/mountRace.ts';

/**
 * `npm run fuzz -- [--seeds N] [--ops N] [--seed S] [--nfs]`: random operations on a mount, a local folder and a model side
 * by side, from seed S on; with --nfs the mount is that of a virtual machine. Prints the shortest script found for each
 * difference; exits with 1 when there was any.
 */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '20' },
    ops: { type: 'string', default: '5000' },
    seed: { type: 'string', default: '1' },
    nfs: { type: 'boolean', default: false },
  },
});
const [count, operations, first] = [Number(values.seeds), Number(values.ops), Number(values.seed)];

const machine = values.nfs ? await startMachine() : undefined;
const mountRace = await startMountRace(machine && ((drive) => mountDrive(machine, drive, '/mnt/random')));
const limits = machine === undefined ? {} : { without: isBeyondNfs };
let failures = 0;
const report = async (what: string, work: Promise<void>) => {
  const startedAt = performance.now();
  const problem = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (problem !== undefined) failures += 1;
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`${what}: ${problem === undefined ? 'same' : 'DIFFERENT'} (${seconds} s)`);
  if (problem !== undefined) console.log(problem instanceof Error ? problem.message : problem);
};
for (let seed = first; seed < first + count; seed += 1) {
  await report(
    `seed ${seed}, ${operations} operations`,
    mountRace.run({ seed, operations, remounts: true, ...limits }),
  );
}
await report('the server', mountRace.compareServer());
const errors = mountRace.complaints.filter((line) => line.includes(' ERROR '));
console.log(`${failures} of ${count + 1} different, ${errors.length} errors in the log`);
console.log(errors.join(''));
await mountRace.close();
await machine?.close();
process.exit(failures + errors.length > 0 ? 1 : 0);
