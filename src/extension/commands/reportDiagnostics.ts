import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import os from 'node:os';
import * as vscode from 'vscode';
import { within } from '../../base/deadline.ts';
import { history } from '../../protocol/messages.ts';
import { createPseudonyms } from '../diagnostics/pseudonyms.ts';
import { writeReport } from '../diagnostics/report.ts';
import type { Services } from '../services.ts';

const keyName = 'jottacloud.diagnosticsKey';
/** What a drive that hangs may cost; the report then tells the rest. */
const askDeadlineMs = 5_000;
const pastTransfers = 100;
/** Characters of the drive's log that are looked at; 200 lines are about 40,000. */
const tailChars = 128 * 1024;

/** "Report Diagnostics": everything that helps to find a fault, without names and secrets, in an editor to look through. */
export function reportDiagnostics(services: Services) {
  return async (): Promise<void> => {
    const { client, log, memory } = services;
    const key = memory.get<string>(keyName) ?? randomBytes(16).toString('hex');
    await memory.update(keyName, key);
    const content = writeReport(
      {
        now: Date.now(),
        versions: getVersions(services),
        settings: getSettings(services),
        fuse: client.attached ? await describeFuse(services) : undefined,
        state: client.state,
        history:
          client.attached && client.state.account !== null
            ? await orElse([], client.request(history, { limit: pastTransfers }))
            : [],
        windowLog: log.recent().join('\n'),
        driveLog: client.logFile === undefined ? '' : await loadTail(client.logFile),
      },
      createPseudonyms(key),
    );
    const document = await vscode.workspace.openTextDocument({ language: 'markdown', content });
    await vscode.window.showTextDocument(document, { preview: false });
  };
}

function getVersions({ client, extension }: Services): Record<string, string> {
  return {
    extension: String(extension.packageJSON.version),
    drive: client.driveVersion ?? 'not started',
    'VS Code': `${vscode.version} (${vscode.env.appHost}, ${vscode.env.uiKind === vscode.UIKind.Web ? 'web' : 'desktop'}${vscode.env.remoteName === undefined ? '' : ', remote'})`,
    system: `${os.platform()} ${os.release()} ${os.arch()}`,
    'Node.js of this window': process.versions.node,
    language: vscode.env.language,
    endpoint: process.env.JOTTACLOUD_ENDPOINT ? 'another than Jottacloud' : 'Jottacloud',
  };
}

/** What was changed of the manifest's settings, and whether a proxy is set; its address may hold a password. */
function getSettings({ extension }: Services): Record<string, unknown> {
  const { properties } = extension.packageJSON.contributes.configuration as {
    properties: Record<string, { default: unknown }>;
  };
  const all = vscode.workspace.getConfiguration();
  const values = Object.entries(properties).map(([name, setting]) => [name, all.get<unknown>(name), setting] as const);
  const changed = values.filter(([, value, setting]) => JSON.stringify(value) !== JSON.stringify(setting.default));
  const proxy = all.get<string>('http.proxy') ? { 'http.proxy is set': true } : {};
  return { ...Object.fromEntries(changed.map(([name, value]) => [name, value])), ...proxy };
}

async function describeFuse({ fuse }: Services): Promise<string> {
  const answer = fuse.ensure().then(
    () => 'ready',
    (error: { code: string }) => error.code,
  );
  return orElse('no answer from the drive', answer);
}

async function loadTail(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.slice(-tailChars);
}

/** `otherwise` when there is no answer in time, or a failure: a report is made of what can be had. */
function orElse<T>(otherwise: T, work: Promise<T>): Promise<T> {
  return within(askDeadlineMs, work, () => new Error('no answer in time')).catch(() => otherwise);
}
