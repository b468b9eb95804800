import * as vscode from 'vscode';
import type { Services } from '../services.ts';
import { showInformation } from '../ui/messages.ts';
import { bringIn } from './bringIn.ts';
import { copyItems, cutItems, duplicateItems, pasteItems } from './clipboard.ts';
import { compareConflict, keepMine, keepTheirs } from './conflicts.ts';
import { connect } from './connect.ts';
import { copyPath } from './copyPath.ts';
import { deleteItems } from './delete.ts';
import { disconnect } from './disconnect.ts';
import { discardTransfer, exportTransfer, stopTransfer } from './failedTransfers.ts';
import { findInFiles } from './findInFiles.ts';
import { forgetMount } from './forgetMount.ts';
import { type CommandId, commandIds } from './ids.ts';
import { checkFuse, installFuse } from './installFuse.ts';
import { copyPublicLink, endPublicLink, openOnTheWeb } from './links.ts';
import { mountJottacloud } from './mount.ts';
import { mountFolder } from './mountFolder.ts';
import { dontMountOnStartup, mountOnStartup } from './mountOnStartup.ts';
import { newFile } from './newFile.ts';
import { newFolder } from './newFolder.ts';
import { freeSpace, keepOffline, removeOffline } from './offline.ts';
import { open, openToSide, openWithDefaultApp } from './open.ts';
import { openAsFolder } from './openAsFolder.ts';
import { openMountedFolder, openMountedFolderInNewWindow } from './openMounted.ts';
import { openSettings } from './openSettings.ts';
import { refreshAll, retryFolder } from './refresh.ts';
import { renameItem } from './rename.ts';
import { reportDiagnostics } from './reportDiagnostics.ts';
import { reveal } from './reveal.ts';
import { revealInFiles } from './revealInFiles.ts';
import { searchFiles } from './searchFiles.ts';
import { showActions } from './showActions.ts';
import { showDetails } from './showDetails.ts';
import { showLog } from './showLog.ts';
import { downloadItems, uploadFiles } from './transferFiles.ts';
import { pauseTransfers, resumeTransfers, retryTransfers, showTransfers } from './transfers.ts';
import { deleteTrashed, emptyTrash, restoreTrashed, showTrash } from './trash.ts';
import { unmountJottacloud } from './unmount.ts';
import { compareWithSynced, restoreVersion, showVersions } from './versions.ts';

/** `selection`: all rows selected in the tree that the command was called from. */
type Handler = (argument?: unknown, selection?: unknown) => unknown;

const handlers: Record<CommandId, (services: Services) => Handler> = {
  'jottacloud.connect': connect,
  'jottacloud.disconnect': disconnect,
  'jottacloud.mount': mountJottacloud,
  'jottacloud.mountFolder': mountFolder,
  'jottacloud.bringIn': bringIn,
  'jottacloud.unmount': unmountJottacloud,
  'jottacloud.openMountedFolder': openMountedFolder,
  'jottacloud.openMountedFolderInNewWindow': openMountedFolderInNewWindow,
  'jottacloud.revealInFinder': reveal,
  'jottacloud.revealInFileManager': reveal,
  'jottacloud.pauseTransfers': pauseTransfers,
  'jottacloud.resumeTransfers': resumeTransfers,
  'jottacloud.showTransfers': showTransfers,
  'jottacloud.retryTransfers': retryTransfers,
  'jottacloud.retryTransfer': retryTransfers,
  'jottacloud.stopTransfer': stopTransfer,
  'jottacloud.refresh': refreshAll,
  'jottacloud.retryFolder': retryFolder,
  'jottacloud.openSettings': openSettings,
  'jottacloud.showLog': showLog,
  'jottacloud.copyPath': copyPath,
  'jottacloud.open': open,
  'jottacloud.installFuse': installFuse,
  'jottacloud.forgetMount': forgetMount,
  'jottacloud.showActions': showActions,
  'jottacloud.checkFuse': checkFuse,
  'jottacloud.exportTransfer': exportTransfer,
  'jottacloud.discardTransfer': discardTransfer,
  'jottacloud.mountOnStartup': mountOnStartup,
  'jottacloud.dontMountOnStartup': dontMountOnStartup,
  'jottacloud.reportDiagnostics': reportDiagnostics,
  'jottacloud.newFile': newFile,
  'jottacloud.openToSide': openToSide,
  'jottacloud.openWithDefaultApp': openWithDefaultApp,
  'jottacloud.cut': cutItems,
  'jottacloud.copy': copyItems,
  'jottacloud.paste': pasteItems,
  'jottacloud.duplicate': duplicateItems,
  'jottacloud.emptyTrash': emptyTrash,
  'jottacloud.compareConflict': compareConflict,
  'jottacloud.keepMine': keepMine,
  'jottacloud.keepTheirs': keepTheirs,
  'jottacloud.newFolder': newFolder,
  'jottacloud.uploadFiles': uploadFiles,
  'jottacloud.download': downloadItems,
  'jottacloud.rename': renameItem,
  'jottacloud.delete': deleteItems,
  'jottacloud.keepOffline': keepOffline,
  'jottacloud.removeOfflineCopy': removeOffline,
  'jottacloud.freeUpSpace': freeSpace,
  'jottacloud.copyPublicLink': copyPublicLink,
  'jottacloud.removePublicLink': endPublicLink,
  'jottacloud.openOnTheWeb': openOnTheWeb,
  'jottacloud.showDetails': showDetails,
  'jottacloud.showVersions': showVersions,
  'jottacloud.restoreVersion': restoreVersion,
  'jottacloud.compareWithSynced': compareWithSynced,
  'jottacloud.searchFiles': searchFiles,
  'jottacloud.findInFiles': findInFiles,
  'jottacloud.revealInFiles': revealInFiles,
  'jottacloud.openAsFolder': openAsFolder,
  'jottacloud.showTrash': showTrash,
  'jottacloud.restoreFromTrash': restoreTrashed,
  'jottacloud.deleteForever': deleteTrashed,
};

/**
 * A row's command gets the row and the selection. While the tree is drawn anew VS Code has no row for the one that was
 * clicked; without it the command would mean something else, as from the palette.
 */
function isOfLostRow(given: readonly unknown[]): boolean {
  const [row, selection] = given;
  return given.length > 1 && row === undefined && (selection === undefined || Array.isArray(selection));
}

/** A key of the Files view comes without a row: the command is called as from the menu of the one it is meant for. */
async function findArguments({ files }: Services, given: readonly unknown[]): Promise<readonly unknown[] | undefined> {
  const { fromKey } = (given[0] ?? {}) as { fromKey?: unknown };
  if (fromKey !== true) return given;
  const rows = await files.findKeyTargets();
  return rows.length === 0 ? undefined : [rows[0], rows];
}

/** Registers all commands. A handler that throws has its error shown and answers undefined. */
export function registerCommands(services: Services): vscode.Disposable {
  return vscode.Disposable.from(
    ...commandIds.map((id) => {
      const handler = handlers[id](services);
      return vscode.commands.registerCommand(id, async (...called: unknown[]) => {
        try {
          const given = await findArguments(services, called);
          if (given === undefined) return undefined;
          if (isOfLostRow(given)) {
            void showInformation(vscode.l10n.t('The list has just changed. Please try again.'));
            return undefined;
          }
          return await handler(given[0], given[1]);
        } catch (error) {
          services.report(error);
          return undefined;
        }
      });
    }),
  );
}
