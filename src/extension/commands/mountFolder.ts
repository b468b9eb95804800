import path from 'node:path';
import * as vscode from 'vscode';
import type { Services } from '../services.ts';
import {
  contractHome,
  defaultMountPath,
  expandHome,
  getDriveOptions,
  rememberMountProfile,
  toMountParams,
  updateSetting,
} from '../settings.ts';
import { browse } from '../ui/browse.ts';
import { askChoice, type Back, back, type ChoiceItem, type StepFrame } from '../ui/steps.ts';
import { signInIfNeeded } from './connect.ts';
import { mountNow } from './mount.ts';
import { getPathArgument } from './targets.ts';

interface Answers {
  source: string;
  path: string;
  readOnly: boolean;
  /** undefined: leave the settings as they are. */
  pace: Pace | undefined;
}
interface Pace {
  readonly pollSeconds: number;
  readonly cacheGigabytes: number;
}
type Step = (services: Services, answers: Answers, frame: StepFrame) => Promise<Answers | Back | undefined>;

const steps: readonly Step[] = [askSource, askMountPoint, askAccess, askPace];

/** "Mount Jottacloud Folder…": four questions, then mounts and remembers the answers as a profile. */
export function mountFolder(services: Services) {
  return async (argument?: unknown): Promise<boolean> => {
    if (!(await signInIfNeeded(services))) return false;
    const start = getPathArgument(argument) ?? '/';
    const answers = await askAll(services, { source: start, path: '', readOnly: false, pace: undefined });
    if (answers === undefined) return false;
    const profile = { path: answers.path, source: answers.source, readOnly: answers.readOnly };
    if (answers.pace !== undefined) {
      await updateSetting('poll.interval', answers.pace.pollSeconds);
      await updateSetting('cache.maxSize', answers.pace.cacheGigabytes);
    }
    await mountNow(services, toMountParams(profile));
    await rememberMountProfile(profile);
    return true;
  };
}

async function askAll(services: Services, start: Answers): Promise<Answers | undefined> {
  let answers = start;
  for (let index = 0; index < steps.length; ) {
    const result = await steps[index]?.(services, answers, {
      title: vscode.l10n.t('Mount Jottacloud Folder'),
      step: index + 1,
      totalSteps: steps.length,
      canGoBack: index > 0,
    });
    if (result === undefined) return undefined;
    if (result === back) index--;
    else {
      answers = result;
      index++;
    }
  }
  return answers;
}

async function askSource(
  { client }: Services,
  answers: Answers,
  frame: StepFrame,
): Promise<Answers | Back | undefined> {
  const source = await browse(client, { ...frame, want: 'folder', start: answers.source });
  return source === undefined || source === back ? source : { ...answers, source };
}

async function askMountPoint(_: Services, answers: Answers, frame: StepFrame): Promise<Answers | Back | undefined> {
  const proposal = answers.source === '/' ? defaultMountPath : `~/CloudMounts/${path.posix.basename(answers.source)}`;
  const chosen = await askChoice<string | null>({
    ...frame,
    placeholder: vscode.l10n.t('Where to mount: an empty folder, or a new one. Type a path or choose.'),
    items: [
      { label: `$(folder) ${proposal}`, description: vscode.l10n.t('created when missing'), value: proposal },
      { label: vscode.l10n.t('$(folder-opened) Choose Folder…'), alwaysShow: true, value: null },
    ],
    fromText: (text) =>
      /^[~/]/.test(text) ? { label: `$(folder) ${text}`, description: expandHome(text), value: text } : undefined,
  });
  if (chosen === undefined || chosen === back) return chosen;
  if (chosen !== null) return { ...answers, path: chosen };
  const folders = await vscode.window.showOpenDialog({
    canSelectFiles: false,
    canSelectFolders: true,
    openLabel: vscode.l10n.t('Mount Here'),
  });
  return folders?.[0] === undefined ? undefined : { ...answers, path: contractHome(folders[0].fsPath) };
}

async function askAccess(_: Services, answers: Answers, frame: StepFrame): Promise<Answers | Back | undefined> {
  const readOnly = await askChoice<boolean>({
    ...frame,
    placeholder: vscode.l10n.t('May files be changed?'),
    items: [
      {
        label: vscode.l10n.t('$(edit) Read and write'),
        description: vscode.l10n.t('changes are uploaded in the background'),
        value: false,
      },
      { label: vscode.l10n.t('$(lock) Read only'), description: vscode.l10n.t('nothing is ever changed'), value: true },
    ],
  });
  return readOnly === undefined || readOnly === back ? readOnly : { ...answers, readOnly };
}

async function askPace(_: Services, answers: Answers, frame: StepFrame): Promise<Answers | Back | undefined> {
  const options = getDriveOptions();
  const current: Pace = {
    pollSeconds: options.pollIntervalMs / 1_000,
    cacheGigabytes: options.cacheMaxBytes / 1_000_000_000,
  };
  const presets: ChoiceItem<Pace>[] = [
    toPaceItem({ pollSeconds: 45, cacheGigabytes: 10 }, vscode.l10n.t('the default')),
    toPaceItem({ pollSeconds: 30, cacheGigabytes: 50 }, vscode.l10n.t('large disk, others change files often')),
    toPaceItem({ pollSeconds: 60, cacheGigabytes: 2 }, vscode.l10n.t('small disk or metered network')),
  ];
  const choice = await askChoice<Pace | null>({
    ...frame,
    placeholder: vscode.l10n.t('How often to look for changes, and how much disk the cache may use (for all mounts)'),
    items: [
      { ...toPaceItem(current, vscode.l10n.t('as it is now')), value: null },
      ...presets.filter(({ value }) => !isSamePace(value, current)),
    ],
  });
  if (choice === undefined || choice === back) return choice;
  return { ...answers, pace: choice ?? undefined };
}

function isSamePace(a: Pace, b: Pace): boolean {
  return a.pollSeconds === b.pollSeconds && a.cacheGigabytes === b.cacheGigabytes;
}

function toPaceItem(pace: Pace, description: string): ChoiceItem<Pace> {
  const label = vscode.l10n.t('Every {0} s, cache {1} GB', pace.pollSeconds, pace.cacheGigabytes);
  return { label, description, value: pace };
}
