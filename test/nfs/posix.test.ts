import { after, before, describe } from 'node:test';
import { testPosixCases } from './linux/cases.ts';
import { testKilledDrive } from './linux/killedDrive.ts';
import { testRandomOperations } from './linux/random.ts';
import { testTwoClients } from './linux/twoClients.ts';
import { type Machine, startMachine } from './vm/machine.ts';

// In one file, because the machine takes as long to start as many tests take to run. Two of its parts at a time, each with a drive
// of its own: the machine waits for the drive half of the time, and the drive for the machine.
describe('the NFS client of Linux', { concurrency: 2 }, () => {
  let machine: Machine;
  before(async () => {
    machine = await startMachine();
  });
  after(() => machine.close());

  testPosixCases(() => machine);
  testRandomOperations(() => machine);
  testKilledDrive(() => machine);
  testTwoClients(() => machine);
});
