import { ErrnoError } from '../../base/errno.ts';
import { initFlags, initFlags2 } from './flags.ts';
import { answers, requests } from './layouts.ts';
import { kernelLimits } from './limits.ts';
import type { Operation } from './served.ts';

/** What this driver speaks; an older kernel is answered in its own version, down to the oldest with all that is used here. */
const major = 7;
const newestMinor = 45;
const oldestMinor = 31;
const pageBytes = 4096;

const wanted = Object.values(initFlags).reduce((all, flag) => all | flag, 0);

/** The first request: what both sides can do. EPROTO for a kernel older than 5.4. */
export const init: Operation = ({ notices }, { buffer }) => {
  const layout = requests.init;
  const [theirMajor, theirMinor] = [buffer.readUInt32LE(layout.major), buffer.readUInt32LE(layout.minor)];
  if (theirMajor !== major || theirMinor < oldestMinor) {
    throw new ErrnoError('EPROTO', `version ${theirMajor}.${theirMinor} is too old`);
  }
  const minor = Math.min(newestMinor, theirMinor);
  const flags = (buffer.readUInt32LE(layout.flags) & wanted) >>> 0;
  // The second word is there only when the first says so.
  const offered2 = (flags & initFlags.extended) !== 0 ? buffer.readUInt32LE(layout.flags2) : 0;
  const readahead = Math.min(kernelLimits.readaheadBytes, buffer.readUInt32LE(layout.maxReadahead));
  notices.canExpire = (offered2 & initFlags2.expireOnly) !== 0;
  return (out) => {
    const answer = answers.init;
    out.fill(0, answer.major, answer.bytes);
    out.writeUInt32LE(major, answer.major);
    out.writeUInt32LE(minor, answer.minor);
    out.writeUInt32LE(readahead, answer.maxReadahead);
    out.writeUInt32LE(flags, answer.flags);
    out.writeUInt16LE(kernelLimits.background, answer.background);
    out.writeUInt16LE(kernelLimits.congestion, answer.congestion);
    out.writeUInt32LE(kernelLimits.writeBytes, answer.maxWrite);
    // Times are kept to the nanosecond.
    out.writeUInt32LE(1, answer.granularity);
    out.writeUInt16LE(kernelLimits.writeBytes / pageBytes, answer.maxPages);
    return answer.bytes;
  };
};
