import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { writebackLimits } from '../../src/sync/tree/limits.ts';

/**
 * Loaded into the drive before it starts: lets a change wait for as long as the run says before it is sent, so that the drive
 * dies at every distance from a save, and tells which start of the computer this is.
 */
const { CHAOS_SETTLE_MS: settleMs, CHAOS_BOOT: boot } = process.env;
if (settleMs !== undefined) Object.assign(writebackLimits, { settleMs: Number(settleMs) });

const { readFileSync } = fs;
Object.assign(fs, {
  readFileSync: (...args: Parameters<typeof readFileSync>) =>
    args[0] === '/proc/sys/kernel/random/boot_id' && boot !== undefined ? boot : readFileSync(...args),
});
syncBuiltinESMExports();
