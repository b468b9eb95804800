/**
 * The service's three time formats (PROTOCOL.md §2.4). In this code a time is whole epoch seconds, and 0 is
 * "unknown": the server itself keeps seconds only.
 */

/** The largest time that fits four year digits. */
const maxSeconds = 253_402_300_799;

const pattern = /^(\d{4})-(\d\d)-(\d\d)-?T(\d\d):(\d\d):(\d\d)(?:\.\d+)?(Z|[+-]\d\d:?\d\d)$/;

/**
 * Reads `2026-01-02-T03:04:05Z` (JFS XML), `…+0100` (zone without colon), and RFC 3339 with or without fraction
 * (liststream). Empty or unreadable text is 0; times before 1970 are 0 too.
 */
export function parseTime(text: string | undefined): number {
  const match = pattern.exec(text?.trim() ?? '');
  if (match === null) return 0;
  const [, year, month, day, hour, minute, second, zone = 'Z'] = match;
  const utcMs = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  // 2026-02-31 would become a day in March; a time that does not exist is unknown. Only a leap second is let through.
  const exists = new Date(utcMs).getUTCMonth() === Number(month) - 1 && Number(hour) < 24 && Number(minute) < 60;
  if (!exists || Number(second) > 60) return 0;
  return clampSeconds(utcMs / 1000 - zoneSeconds(zone));
}

/** `2026-01-02-T03:04:05Z`: JFS XML and the J* headers. */
export function formatJfsTime(seconds: number): string {
  return formatRfc3339(seconds).replace('T', '-T');
}

/** `2026-01-02T03:04:05Z`: allocate requests. */
export function formatRfc3339(seconds: number): string {
  return `${new Date(clampSeconds(seconds) * 1000).toISOString().slice(0, 19)}Z`;
}

/** Epoch milliseconds: the upload's answer. */
export function secondsFromMs(ms: number): number {
  return clampSeconds(ms / 1000);
}

function zoneSeconds(zone: string): number {
  if (zone === 'Z') return 0;
  const sign = zone.startsWith('-') ? -1 : 1;
  return sign * (Number(zone.slice(1, 3)) * 3600 + Number(zone.slice(-2)) * 60);
}

function clampSeconds(seconds: number): number {
  if (!Number.isFinite(seconds)) return 0;
  return Math.min(Math.max(Math.floor(seconds), 0), maxSeconds);
}
