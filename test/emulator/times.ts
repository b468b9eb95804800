/** The three time formats of the service (PROTOCOL.md §2.4); inside, times are ms on whole seconds. */

const jfsForm = /^(\d{4}-\d\d-\d\d)-(T\d\d:\d\d:\d\d)(Z|[+-]\d\d:?\d\d)$/;

export function wholeSecond(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}

/** `2026-01-02-T03:04:05Z`: JFS XML and J* headers; the same instant with `+0100` when asked. */
export function jfsTime(ms: number, zone: 'Z' | '+0100' = 'Z'): string {
  const iso = new Date(zone === 'Z' ? ms : ms + 3_600_000).toISOString();
  return `${iso.slice(0, -14)}-${iso.slice(-14, -5)}${zone}`;
}

/** `2026-01-02T03:04:05.000Z`: liststream. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** Reads JFS form, RFC 3339 with or without decimals, or epoch milliseconds; undefined when it is none of them. */
export function parseTime(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? wholeSecond(value) : undefined;
  if (typeof value !== 'string') return undefined;
  if (/^-?\d{9,}$/.test(value)) return wholeSecond(Number(value));
  const jfs = jfsForm.exec(value);
  const text = jfs ? `${jfs[1]}${jfs[2]}${withColon(jfs[3] ?? 'Z')}` : value;
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text)) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : wholeSecond(ms);
}

function withColon(zone: string): string {
  return /^[+-]\d{4}$/.test(zone) ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone;
}
