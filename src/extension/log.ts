import * as vscode from 'vscode';
import { createLog, type Log, type LogFields, type LogLevel } from '../base/log.ts';

export interface ExtensionLog extends Log {
  show(): void;
  /** The last lines, oldest first, in the form of the drive's log. */
  recent(): readonly string[];
}

const keptLines = 300;

/** The output channel "Jottacloud". Secrets are removed before a line is written (base/log.ts). */
export function createExtensionLog(subscriptions: vscode.Disposable[]): ExtensionLog {
  const channel = vscode.window.createOutputChannel('Jottacloud', { log: true });
  subscriptions.push(channel);
  const kept: string[] = [];
  const keep = createLog((line) => {
    kept.push(line.trimEnd());
    if (kept.length > keptLines) kept.shift();
  });
  const write = (level: LogLevel) => {
    // The channel stamps its lines with time and level itself.
    const show = createLog((line) => channel[level](line.trimEnd().split(' ').slice(2).join(' ')), 'debug');
    return (message: string, fields?: LogFields) => {
      show[level](message, fields);
      keep[level](message, fields);
    };
  };
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    show: () => channel.show(true),
    recent: () => kept,
  };
}
