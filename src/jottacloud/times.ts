/**
 * The service's three time formats (PROTOCOL.md §2.4). In this code a time is whole epoch seconds, and 0 is
 * "unknown": the server itself keeps seconds only.
 */

/**
 * What fits four year digits: the second after the start of year 1, which is the zero time of the languages that services are
 * written in and means "unknown", to the last one of 9999.
 */
const minSeconds = -62_135_596_799;
const maxSeconds = 253_402_300_799;

const pattern = /^(\d{4})-(\d\d)-(\d\d)-?T(\d\d):(\d\d):(\d\d)(?:\.\d+)?(Z|[+-]\d\d:?\d\d)$/;

/**
 * Reads `2026-01-02-T03:04:05Z` (JFS XML), `…+0100` (zone without colon), and RFC 3339 with or without fraction
 * (liststream). Empty or unreadable text is 0, and so is the zero time of a service, the start of year 1.
 */
export function parseTime(text: string | undefined): number {
  const match = pattern.exec(text?.trim() ?? '');
  if (match === null) return 0;
  const [, year, month, day, hour, minute, second, zone = 'Z'] = match;
  // Date.UTC takes the years 0 to 99 for those of the 20th century.
  const utcMs = new Date(Date.UTC(2000, 0, 1, Number(hour), Number(minute), Number(second))).setUTCFullYear(
    Number(year),
    Number(month) - 1,
    Number(day),
  );
  // 2026-02-31 would become a day in March; a time that does not exist is unknown. Only a leap second is let through.
  const exists = new Date(utcMs).getUTCMonth() === Number(month) - 1 && Number(hour) < 24 && Number(minute) < 60;
  if (!exists || Number(second) > 60) return 0;
  const seconds = utcMs / 1000 - zoneSeconds(zone);
  return seconds < minSeconds ? 0 : toKeptSeconds(seconds);
}

/** `2026-01-02-T03:04:05Z`: JFS XML and the J* headers. */
export function formatJfsTime(seconds: number): string {
  return formatRfc3339(seconds).replace('T', '-T');
}

/** `2026-01-02T03:04:05Z`: allocate requests. */
export function formatRfc3339(seconds: number): string {
  return `${new Date(toKeptSeconds(seconds) * 1000).toISOString().slice(0, 19)}Z`;
}

/** The whole second that the service keeps of a time: the closest one that its formats can say. */
export function toKeptSeconds(seconds: number): number {
  if (Number.isNaN(seconds)) return 0;
  return Math.min(Math.max(Math.floor(seconds), minSeconds), maxSeconds);
}

/** Epoch milliseconds: the upload's answer. */
export function secondsFromMs(ms: number): number {
  return toKeptSeconds(ms / 1000);
}

function zoneSeconds(zone: string): number {
  if (zone === 'Z') return 0;
  const sign = zone.startsWith('-') ? -1 : 1;
  return sign * (Number(zone.slice(1, 3)) * 3600 + Number(zone.slice(-2)) * 60);
}
