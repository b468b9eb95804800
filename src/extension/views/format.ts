import * as vscode from 'vscode';
import { inert } from '../ui/inert.ts';

/** Unit, its length in seconds, and how many of them are told in it. Less than a minute is now. */
const ageUnits: readonly (readonly [Intl.RelativeTimeFormatUnit, number, number])[] = [
  ['second', 60, 1],
  ['minute', 60, 60],
  ['hour', 3_600, 24],
  ['day', 86_400, 7],
];

/** Making one costs far more than using it, and a folder has thousands of rows. By decimals shown. */
const numberFormats = new Map<number, Intl.NumberFormat>();
let ageFormat: Intl.RelativeTimeFormat | undefined;
let dateFormat: Intl.DateTimeFormat | undefined;
let timeFormat: Intl.DateTimeFormat | undefined;
let timeOfDayFormat: Intl.DateTimeFormat | undefined;

/** Decimal units, as the Jottacloud web page and Finder count. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1_000;
    unit++;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1;
  const format =
    numberFormats.get(digits) ?? new Intl.NumberFormat(vscode.env.language, { maximumFractionDigits: digits });
  numberFormats.set(digits, format);
  return `${format.format(value)} ${units[unit]}`;
}

export function formatTime(ms: number): string {
  timeFormat ??= new Intl.DateTimeFormat(vscode.env.language, { dateStyle: 'medium', timeStyle: 'short' });
  return timeFormat.format(ms);
}

/** How long ago in the largest unit that fits; the date of what is older than a week. */
export function formatAge(ms: number): string {
  const seconds = Math.round((Date.now() - ms) / 1_000);
  const unit = ageUnits.find(([, length, until]) => seconds < until * length);
  if (unit !== undefined) {
    ageFormat ??= new Intl.RelativeTimeFormat(vscode.env.language, { numeric: 'auto', style: 'short' });
    return ageFormat.format(-Math.max(0, Math.floor(seconds / unit[1])), unit[0]);
  }
  dateFormat ??= new Intl.DateTimeFormat(vscode.env.language, { dateStyle: 'medium' });
  return dateFormat.format(ms);
}

/** Time of day of a moment that is less than a day away. */
export function formatTimeOfDay(ms: number): string {
  timeOfDayFormat ??= new Intl.DateTimeFormat(vscode.env.language, { timeStyle: 'medium' });
  return timeOfDayFormat.format(ms);
}

/** For Markdown tooltips: names may hold anything. */
export function escapeMarkdown(text: string): string {
  return inert(text).replace(/[\\`*_{}[\]()#+\-.!|<>~$]/g, '\\$&');
}
