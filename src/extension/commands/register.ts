import * as vscode from 'vscode';
import type { Services } from '../services.ts';
import { connect } from './connect.ts';
import { copyPath } from './copyPath.ts';
import { disconnect } from './disconnect.ts';
import { forgetMount } from './forgetMount.ts';
import { type CommandId, commandIds } from './ids.ts';
import { installFuse } from './installFuse.ts';
import { mountJottacloud } from './mount.ts';
import { mountFolder } from './mountFolder.ts';
import { open } from './open.ts';
import { openMountedFolder, openMountedFolderInNewWindow } from './openMounted.ts';
import { refreshAll, retryFolder } from './refresh.ts';
import { reveal } from './reveal.ts';
import { showActions } from './showActions.ts';
import { showLog } from './showLog.ts';
import { pauseTransfers, resumeTransfers, retryTransfers, showTransfers } from './transfers.ts';
import { unmountJottacloud } from './unmount.ts';

type Handler = (argument?: unknown) => unknown;

const handlers: Record<CommandId, (services: Services) => Handler> = {
  'jottacloud.connect': connect,
  'jottacloud.disconnect': disconnect,
  'jottacloud.mount': mountJottacloud,
  'jottacloud.mountFolder': mountFolder,
  'jottacloud.unmount': unmountJottacloud,
  'jottacloud.openMountedFolder': openMountedFolder,
  'jottacloud.openMountedFolderInNewWindow': openMountedFolderInNewWindow,
  'jottacloud.revealInFinder': reveal,
  'jottacloud.revealInFileManager': reveal,
  'jottacloud.pauseTransfers': pauseTransfers,
  'jottacloud.resumeTransfers': resumeTransfers,
  'jottacloud.showTransfers': showTransfers,
  'jottacloud.retryTransfers': retryTransfers,
  'jottacloud.refresh': refreshAll,
  'jottacloud.retryFolder': retryFolder,
  'jottacloud.showLog': showLog,
  'jottacloud.copyPath': copyPath,
  'jottacloud.open': open,
  'jottacloud.installFuse': installFuse,
  'jottacloud.forgetMount': forgetMount,
  'jottacloud.showActions': showActions,
};

/** Registers all commands. A handler that throws has its error shown and answers undefined. */
export function registerCommands(services: Services): vscode.Disposable {
  return vscode.Disposable.from(
    ...commandIds.map((id) => {
      const handler = handlers[id](services);
      return vscode.commands.registerCommand(id, async (argument?: unknown) => {
        try {
          return await handler(argument);
        } catch (error) {
          services.report(error);
          return undefined;
        }
      });
    }),
  );
}
