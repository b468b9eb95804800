import path from 'node:path';
import { setImmediate as immediate } from 'node:timers/promises';
import * as vscode from 'vscode';
import { stateDir } from '../protocol/stateDir.ts';
import { registerCommands } from './commands/register.ts';
import { DriveClient } from './drive/client.ts';
import { WatchSet } from './drive/watchSet.ts';
import { refreshEditors } from './editorRefresh.ts';
import { registerFileSystems } from './fileSystem/register.ts';
import { FuseCheck } from './fuseCheck.ts';
import { getWorkedMs, loadedAt } from './loadedAt.ts';
import { createExtensionLog } from './log.ts';
import { UnopenedFiles } from './notices/unopened.ts';
import { createNotifications } from './notifications.ts';
import { PublicItems } from './publicItems.ts';
import { createReporter } from './report.ts';
import type { Services } from './services.ts';
import { getCacheDir, getDriveOptions } from './settings.ts';
import { followOutside, startUp } from './startup.ts';
import { createStateKeys } from './stateKey.ts';
import { createStatusBar } from './statusBar.ts';
import { suggestExcludes } from './suggestExcludes.ts';
import { createTokenStore } from './tokens.ts';
import { Decorations } from './views/decorations.ts';
import { DetailsView } from './views/details/detailsView.ts';
import { FilesView } from './views/filesView.ts';
import { createMountsView } from './views/mountsView.ts';
import { createTransfersView } from './views/transfersView.ts';

/** What activation made. The extension itself needs none of it afterwards; the entries of the tests and of the demo do. */
export interface Composition {
  readonly services: Services;
  readonly decorations: Decorations;
  /** Time on the extension host's thread: running the bundle and composing, not what VS Code awaits between them. */
  readonly activationMs: number;
  /** Resolves when the stored session is taken up and what is to be mounted on startup is mounted, or was told to have failed. */
  readonly started: Promise<void>;
}

const loadMs = getWorkedMs() - loadedAt;

/** The composition root. Only registers; everything that waits starts after it has returned. */
export function compose(context: vscode.ExtensionContext): Composition {
  const calledAt = getWorkedMs();
  const { subscriptions } = context;
  const log = createExtensionLog(subscriptions);
  const tokens = createTokenStore(context.secrets);
  const client = new DriveClient({
    extensionPath: context.extensionPath,
    compiledDir: path.join(context.globalStorageUri.fsPath, 'compiled'),
    version: String(context.extension.packageJSON.version),
    inspectPort: getInspectPort(context),
    get stateDir() {
      return stateDir();
    },
    tokens,
    log,
    getDriveOptions,
    getCacheDir,
  });
  // While signing in, tokens are stored before there is a session: only an unattached window goes by them.
  const hasSession = async () =>
    client.attached ? client.state.account !== null : (await tokens.load()) !== undefined;
  const fuse = new FuseCheck(client);
  const watchSet = new WatchSet(client);
  const report = createReporter(log);
  const unopened = new UnopenedFiles(client, report);
  const publicItems = new PublicItems(client, context.globalState);
  const files = new FilesView({ client, watchSet, publicItems, hasSession, report });
  const details = new DetailsView({ client, files, publicItems });
  const decorations = new Decorations(client, watchSet, publicItems);
  const services: Services = {
    ...{ client, tokens, fuse, files, details, publicItems, log, report },
    memory: context.globalState,
    windowMemory: context.workspaceState,
    extension: context.extension,
  };
  const keys = createStateKeys(client, fuse);
  subscriptions.push(
    client,
    fuse,
    publicItems,
    files,
    details,
    keys,
    watchSet,
    unopened,
    registerFileSystems({
      ...{ client, watchSet, hasSession },
      onFailedRead: (uri, error) => unopened.noteFailedRead(uri, error),
    }),
    decorations,
    createMountsView(client),
    createTransfersView(client),
    createStatusBar(client),
    createNotifications(services),
    registerCommands(services),
    followOutside(services),
    suggestExcludes(services),
    refreshEditors(services),
  );
  const started = immediate().then(() => startUp(services, keys.update));
  return { services, decorations, started, activationMs: loadMs + getWorkedMs() - calledAt };
}

/** The debug configurations of this repository set it; an extension that is installed never opens a port. */
function getInspectPort({ extensionMode }: vscode.ExtensionContext): string | undefined {
  return extensionMode === vscode.ExtensionMode.Development ? process.env.JOTTACLOUD_DRIVE_INSPECT : undefined;
}
