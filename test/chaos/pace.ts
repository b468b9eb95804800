import { writebackLimits } from '../../src/sync/tree/limits.ts';

/**
 * Loaded into the drive before it starts: lets a change wait for as long as the run says before it is sent, so that the drive
 * dies at every distance from a save.
 */
const settleMs = Number(process.env.CHAOS_SETTLE_MS);
if (Number.isFinite(settleMs)) Object.assign(writebackLimits, { settleMs });
