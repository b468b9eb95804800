import type { DriveState, MountState, PastTransfer } from '../../protocol/state.ts';
import type { Pseudonyms } from './pseudonyms.ts';
import { ownWords, redactLog } from './redactLog.ts';

/** What a report is made of; may hold names and addresses, which `writeReport` takes out. */
export interface Findings {
  /** ms since the epoch. */
  readonly now: number;
  /** Label and text: versions, the operating system. */
  readonly versions: Readonly<Record<string, string>>;
  /** Settings that are not at their default. Texts become stand-ins. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** undefined: there is no drive to ask. */
  readonly fuse: string | undefined;
  readonly state: DriveState;
  readonly history: readonly PastTransfer[];
  /** Newest last. */
  readonly windowLog: string;
  readonly driveLog: string;
}

/** Lines of each log. */
const logLines = 200;

/**
 * The report as Markdown, in English whatever the language of the window: it is written for whoever mends things. Holds
 * no token, address, name of a person, file or folder; equal names have equal stand-ins.
 */
export function writeReport(findings: Findings, pseudonyms: Pseudonyms): string {
  const { now, versions, settings, fuse, state, history } = findings;
  const tail = (text: string) => redactLog(text, pseudonyms).slice(-logLines);
  return [
    '# Jottacloud diagnostics',
    '',
    `${new Date(now).toISOString()}. Names are replaced: the same name is the same \`n-…\` everywhere in here.`,
    '',
    '## Versions',
    ...Object.entries(versions).map(([label, text]) => `- ${label}: ${text}`),
    '',
    '## FUSE',
    fuse ?? 'not asked: no drive is running',
    '',
    '## Settings that are not at their default',
    ...block(Object.entries(settings).map(([name, value]) => `${name}: ${describeSetting(value, pseudonyms)}`)),
    '## State',
    ...block(describeState(state, pseudonyms)),
    '## Transfers now',
    ...block(
      state.transfers.map(({ kind, status, path, bytesDone, bytesTotal, reason }) =>
        [kind, status, pseudonyms.path(path), `${bytesDone}/${bytesTotal}`, toWord(reason)].join(' ').trim(),
      ),
    ),
    '## Transfers before',
    ...block(
      history.map(({ at, kind, path, bytes, ms, outcome }) =>
        [new Date(at).toISOString(), kind, pseudonyms.path(path), `${bytes} B`, `${ms} ms`, toWord(outcome)].join(' '),
      ),
    ),
    '## Log of this window',
    ...block(tail(findings.windowLog)),
    '## Log of the drive',
    ...block(tail(findings.driveLog)),
  ].join('\n');
}

function block(lines: readonly string[]): string[] {
  return lines.length === 0 ? ['none', ''] : ['```text', ...lines, '```', ''];
}

function describeState(state: DriveState, pseudonyms: Pseudonyms): string[] {
  const { account, health, mounts, pendingChanges, failedChanges, transfersPaused, lastPollAt, lacking } = state;
  return [
    `account: ${account === null ? 'none' : `${account.usedBytes} of ${toLimit(account.totalBytes)} bytes used`}`,
    `health: ${health}`,
    `pending: ${pendingChanges}, failed: ${failedChanges}, paused: ${transfersPaused}`,
    `last poll: ${lastPollAt === null ? 'never' : new Date(lastPollAt).toISOString()}`,
    `done another way, because the service does not do it: ${lacking.map(toWord).join(', ') || 'nothing so far'}`,
    ...mounts.map((mount) => `mount: ${describeMount(mount, pseudonyms)}`),
  ];
}

function describeMount({ mountPoint, source, readOnly, status }: MountState, pseudonyms: Pseudonyms): string {
  return `${pseudonyms.path(mountPoint)} <- ${pseudonyms.path(source)} ${status}${readOnly ? ' read-only' : ''}`;
}

/** Numbers and switches as they are, texts as stand-ins, down to any depth. */
function describeSetting(value: unknown, pseudonyms: Pseudonyms): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== 'string' || inner === '') return inner;
    return /^~?\//.test(inner) ? pseudonyms.path(inner) : pseudonyms.name(inner);
  });
}

function toLimit(totalBytes: number): string {
  return totalBytes < 0 ? 'unlimited' : String(totalBytes);
}

/** A reason is one word of the program; anything else may be a text of the server. */
function toWord(reason: string | undefined): string {
  if (reason === undefined) return '';
  return ownWords.has(reason) ? reason : 'other';
}
