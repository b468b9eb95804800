import path from 'node:path';
import * as vscode from 'vscode';
import type { DriveError, DriveErrorCode } from '../../protocol/errors.ts';
import { checkMountPoint } from '../../protocol/messages.ts';
import { toDriveError } from '../errors.ts';
import { getErrorSentence } from '../errorTexts.ts';
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
import { inert } from '../ui/inert.ts';
import { askChoice, type Back, back, type ChoiceItem, type StepFrame } from '../ui/steps.ts';
import { signInIfNeeded } from './connect.ts';
import { explainRefusal, mountNow } from './mount.ts';
import { getPathArgument } from './targets.ts';

interface Answers {
  readonly source: string;
  readonly path: string;
  readonly readOnly: boolean;
  /** undefined: leave the settings as they are. */
  readonly pace: Pace | undefined;
  /** Why the mount point that was answered before is refused. */
  readonly refusal?: DriveError;
}
interface Pace {
  readonly pollSeconds: number;
  readonly cacheGigabytes: number;
}
type Step = (services: Services, answers: Answers, frame: StepFrame) => Promise<Answers | Back | undefined>;

const steps: readonly Step[] = [askSource, askMountPoint, askAccess, askPace];

/** Folders tried of one name. */
const maxNumber = 20;

/** Index of the question about the mount point. */
const mountPointStep = 1;

/** Refusals of the mount point alone: the other answers stay good. */
const ofMountPoint: readonly DriveErrorCode[] = [
  'mountPointNotEmpty',
  'mountPointReserved',
  'mountPointNotWritable',
  'mountPointNotAFolder',
  'mountPointNested',
  'alreadyMounted',
];

/**
 * "Mount Jottacloud Folder…": four questions, then mounts and remembers the answers as a profile. A mount point that is
 * refused is asked for again at once, with the reason and a proposal.
 */
export function mountFolder(services: Services) {
  return async (argument?: unknown): Promise<boolean> => {
    if (!(await signInIfNeeded(services))) return false;
    // Asked first, so that nobody answers four questions for a mount that cannot be made.
    await services.fuse.ensure();
    const source = getPathArgument(argument) ?? '/';
    let answers = await askAll(services, { source, path: '', readOnly: false, pace: undefined }, 0);
    while (answers !== undefined) {
      const refusal = await tryMount(services, answers);
      if (refusal === undefined) return true;
      answers = await askAll(services, { ...answers, refusal }, mountPointStep);
    }
    return false;
  };
}

/** Resolves with the reason when it is the mount point's fault; throws any other. */
async function tryMount(services: Services, answers: Answers): Promise<DriveError | undefined> {
  const { path: file, source, readOnly, pace } = answers;
  const profile = { path: file, source, readOnly, onStartup: false };
  try {
    await mountNow(services, toMountParams(profile));
  } catch (error) {
    const failure = toDriveError(error);
    if (ofMountPoint.includes(failure.code)) return failure;
    throw failure;
  }
  await rememberMountProfile(profile);
  if (pace !== undefined) {
    await updateSetting('poll.interval', pace.pollSeconds);
    await updateSetting('cache.maxSize', pace.cacheGigabytes);
  }
  return undefined;
}

async function askAll(services: Services, start: Answers, from: number): Promise<Answers | undefined> {
  let answers = start;
  for (let index = from; index < steps.length; ) {
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
  const question = vscode.l10n.t('What to mount: the whole account, or a folder in it');
  const source = await browse(client, { ...frame, question, want: 'folder', start: answers.source });
  return source === undefined || source === back ? source : { ...answers, source };
}

async function askMountPoint(
  services: Services,
  answers: Answers,
  frame: StepFrame,
): Promise<Answers | Back | undefined> {
  let { refusal } = answers;
  for (;;) {
    const proposal = await findFree(services, answers.source, refusal);
    const chosen = await askPath(frame, proposal, refusal);
    if (chosen === undefined || chosen === back) return chosen;
    const file = chosen === 'dialog' ? await askFolder() : chosen;
    if (file === undefined) return undefined;
    if (file === 'reason') continue;
    refusal = await check(services, { ...answers, path: file });
    if (refusal === undefined) return { ...answers, path: file };
  }
}

/** Why a mount point cannot be one; undefined when it can. Throws anything else. */
async function check({ client }: Services, { path: file, source, readOnly }: Answers): Promise<DriveError | undefined> {
  const params = toMountParams({ path: file, source, readOnly, onStartup: false });
  try {
    await client.request(checkMountPoint, { mountPoint: params.mountPoint });
    return undefined;
  } catch (error) {
    const failure = toDriveError(error);
    if (ofMountPoint.includes(failure.code)) return explainRefusal(client, params, failure);
    throw failure;
  }
}

/** A path, `dialog` for choosing a folder, or `reason` for the row that tells why the last one was refused. */
function askPath(
  frame: StepFrame,
  proposal: string,
  refusal: DriveError | undefined,
): Promise<string | Back | undefined> {
  return askChoice<string>({
    ...frame,
    placeholder: vscode.l10n.t('Where to mount: an empty folder, or a new one. Type a path or choose.'),
    items: [
      ...(refusal === undefined ? [] : [toReason(refusal)]),
      { label: `$(folder) ${inert(proposal)}`, description: vscode.l10n.t('created when missing'), value: proposal },
      { label: vscode.l10n.t('$(folder-opened) Choose Folder…'), alwaysShow: true, value: 'dialog' },
    ],
    ...(refusal === undefined ? {} : { active: 1 }),
    fromText: (text) =>
      /^[~/]/.test(text)
        ? { label: `$(folder) ${inert(text)}`, description: inert(expandHome(text)), value: text }
        : undefined,
  });
}

/** Under the field: what is wrong, and below it what to do. */
function toReason({ code, args }: DriveError): ChoiceItem<string> {
  const [what = '', ...todo] = getErrorSentence(code, args).split(/(?<=\.) /);
  return { label: `$(error) ${inert(what)}`, detail: inert(todo.join(' ')), alwaysShow: true, value: 'reason' };
}

async function askFolder(): Promise<string | undefined> {
  const folders = await vscode.window.showOpenDialog({
    canSelectFiles: false,
    canSelectFolders: true,
    openLabel: vscode.l10n.t('Mount Here'),
  });
  return folders?.[0] === undefined ? undefined : contractHome(folders[0].fsPath);
}

/** A folder that can be mounted at: what the drive proposed, else the first free one named after the source. */
async function findFree({ client }: Services, source: string, refusal: DriveError | undefined): Promise<string> {
  const proposed = refusal?.args.proposal;
  const first = source === '/' ? defaultMountPath : `~/CloudMounts/${path.posix.basename(source)}`;
  const numbered = Array.from({ length: maxNumber }, (_, index) => (index === 0 ? first : `${first} ${index + 1}`));
  for (const candidate of proposed === undefined ? numbered : [contractHome(proposed), ...numbered]) {
    const mountPoint = expandHome(candidate);
    const isFree = await client.request(checkMountPoint, { mountPoint }).then(
      () => true,
      () => false,
    );
    if (isFree) return candidate;
  }
  return first;
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
