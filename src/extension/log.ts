import * as vscode from 'vscode';
import { type Log, type LogFields, redact } from '../base/log.ts';

export interface ExtensionLog extends Log {
  show(): void;
}

/** The output channel "Jottacloud". Secrets are removed before a line is written (base/log.ts). */
export function createExtensionLog(subscriptions: vscode.Disposable[]): ExtensionLog {
  const channel = vscode.window.createOutputChannel('Jottacloud', { log: true });
  subscriptions.push(channel);
  return {
    debug: (message, fields) => channel.debug(format(message, fields)),
    info: (message, fields) => channel.info(format(message, fields)),
    warn: (message, fields) => channel.warn(format(message, fields)),
    error: (message, fields) => channel.error(format(message, fields)),
    show: () => channel.show(true),
  };
}

function format(message: string, fields: LogFields = {}): string {
  const tail = Object.entries(fields).map(([key, value]) => ` ${key}=${redact(value)}`);
  return redact(message) + tail.join('');
}
