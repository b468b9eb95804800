import path from 'node:path';
import * as vscode from 'vscode';
import { list } from '../../protocol/messages.ts';
import type { EntryInfo } from '../../protocol/state.ts';
import type { DriveClient } from '../drive/client.ts';
import { toDriveError } from '../errors.ts';
import { getErrorSentence } from '../errorTexts.ts';
import { formatBytes } from '../views/format.ts';
import { inert } from './inert.ts';
import { applyFrame, type Back, back, type StepFrame } from './steps.ts';

/** `folder`: any folder, the root included. `parent`: one that something can be put into. `file`: files. `any`: files and any folder. */
export type Wanted = 'folder' | 'parent' | 'file' | 'any';

export interface BrowseOptions extends StepFrame {
  readonly want: Wanted;
  readonly start: string;
  /** Asked above the folder that is shown. */
  readonly question?: string;
}

interface BrowseItem extends vscode.QuickPickItem {
  readonly action: { readonly kind: 'choose' | 'enter'; readonly path: string };
}

/** Every account has it; above it nothing can be made. */
const ownFiles = 'Jotta/Archive';

/** Walks the account live and resolves with a path in it, `back`, or undefined when left. */
export function browse(client: DriveClient, options: BrowseOptions): Promise<string | Back | undefined> {
  const pick = vscode.window.createQuickPick<BrowseItem>();
  applyFrame(pick, options);
  let generation = 0;

  const enter = async (folder: string) => {
    const mine = ++generation;
    pick.value = '';
    pick.placeholder = inert(options.question === undefined ? folder : `${options.question} · ${folder}`);
    pick.busy = true;
    pick.items = [];
    const items = await loadItems(client, folder, options.want);
    if (mine !== generation) return;
    pick.items = items;
    pick.busy = false;
  };

  return new Promise((resolve) => {
    pick.onDidTriggerButton(() => finish(back));
    pick.onDidHide(() => finish(undefined));
    pick.onDidAccept(() => {
      const action = pick.selectedItems[0]?.action;
      if (action?.kind === 'choose') finish(action.path);
      else if (action !== undefined) void enter(action.path);
    });
    pick.show();
    void enter(options.start);
    function finish(result: string | Back | undefined): void {
      generation++;
      resolve(result);
      pick.dispose();
    }
  });
}

async function loadItems(client: DriveClient, folder: string, want: Wanted): Promise<BrowseItem[]> {
  const items: BrowseItem[] = [];
  if (want === 'folder' || want === 'any' || (want === 'parent' && isMountpointOrBelow(folder))) {
    items.push({
      label: folder === '/' ? vscode.l10n.t('$(check) The whole account') : vscode.l10n.t('$(check) This folder'),
      description: inert(folder),
      alwaysShow: true,
      action: { kind: 'choose', path: folder },
    });
  }
  if (folder === '/' && (want === 'folder' || want === 'parent')) {
    items.push({
      label: `$(folder-library) ${ownFiles}`,
      description: vscode.l10n.t('where your own files and folders go'),
      action: { kind: 'choose', path: `/${ownFiles}` },
    });
  }
  if (folder !== '/')
    items.push({ label: '$(arrow-up) ..', action: { kind: 'enter', path: path.posix.dirname(folder) } });
  try {
    const entries = await client.request(list, { path: folder, refresh: false });
    items.push(...entries.filter(({ kind }) => kind !== 'file').map(toFolderItem));
    if (want === 'file' || want === 'any') items.push(...entries.filter(({ kind }) => kind === 'file').map(toFileItem));
  } catch (error) {
    const { code, args } = toDriveError(error);
    items.push({
      label: vscode.l10n.t('$(refresh) Try again'),
      detail: inert(getErrorSentence(code, args)),
      alwaysShow: true,
      action: { kind: 'enter', path: folder },
    });
  }
  return items;
}

/** Nothing can be put beside devices, nor beside their mountpoints. */
function isMountpointOrBelow(folder: string): boolean {
  return folder.split('/').filter((name) => name !== '').length >= 2;
}

function toFolderItem(entry: EntryInfo): BrowseItem {
  const icon = entry.kind === 'device' ? 'device-desktop' : entry.kind === 'mountpoint' ? 'folder-library' : 'folder';
  return { label: `$(${icon}) ${inert(entry.name)}`, action: { kind: 'enter', path: entry.path } };
}

function toFileItem(entry: EntryInfo): BrowseItem {
  return {
    label: `$(file) ${inert(entry.name)}`,
    description: formatBytes(entry.size),
    action: { kind: 'choose', path: entry.path },
  };
}
