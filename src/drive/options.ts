import { defaultNetworkOptions } from '../base/networkOptions.ts';
import { cacheDefaults } from '../protocol/cacheDefaults.ts';
import type { DriveOptions } from '../protocol/messages.ts';
import { writebackLimits } from '../sync/tree/limits.ts';
import { defaultLocalNames } from '../vfs/localNames.ts';
import type { Session } from './session.ts';

/** Until a window sends its settings. */
export const defaultOptions: DriveOptions = {
  pollIntervalMs: 45_000,
  ...cacheDefaults,
  keepAfterClose: false,
  driver: 'auto',
  ignoredNames: defaultLocalNames,
  followOutsideLinks: false,
  previewsDownload: false,
  uploadBytesPerSecond: 0,
  downloadBytesPerSecond: 0,
  parallelPushes: writebackLimits.parallelPushes,
  network: defaultNetworkOptions,
};

/** Lets an open session follow settings that changed. */
export function applyOptions(session: Session, options: DriveOptions): void {
  session.localNames.replace(options.ignoredNames);
  session.linkRules.followOutside = options.followOutsideLinks;
  session.store.setBudget({ maxBytes: options.cacheMaxBytes, minFreeBytes: options.cacheMinFreeBytes });
  applyPace(session, options);
  if (session.poller.intervalMs !== options.pollIntervalMs) session.poller.setInterval(options.pollIntervalMs);
}

/** The settings that `openSession` does not take: they may change at any time. */
export function applyPace({ pusher, rates }: Session, options: DriveOptions): void {
  pusher.setParallel(options.parallelPushes);
  rates.upload.setRate(options.uploadBytesPerSecond);
  rates.download.setRate(options.downloadBytesPerSecond);
}
