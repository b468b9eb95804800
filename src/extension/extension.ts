import type * as vscode from 'vscode';
import type { DriveState } from '../protocol/state.ts';
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
import type { DetailsTree } from './views/details/detailsTree.ts';
import { DetailsView } from './views/details/detailsView.ts';
import type { FilesDragAndDrop } from './views/filesDragAndDrop.ts';
import type { FilesTree } from './views/filesTree.ts';
import { FilesView } from './views/filesView.ts';
import { createMountsView } from './views/mountsView.ts';
import { createTransfersView } from './views/transfersView.ts';

/** For tests inside the extension host. */
export interface ExtensionApi {
  state(): DriveState;
  /** Time on the extension host's thread: running the bundle and activate(), not what VS Code awaits between them. */
  readonly activationMs: number;
  /** What VS Code calls when rows are drawn and dropped; no command does. */
  readonly tree: FilesTree;
  readonly dragAndDrop: FilesDragAndDrop;
  readonly decorations: Decorations;
  readonly details: DetailsTree;
}

const loadMs = getWorkedMs() - loadedAt;

/** The composition root. Only registers; everything that waits starts after it has returned. */
export function activate(context: vscode.ExtensionContext): ExtensionApi {
  const calledAt = getWorkedMs();
  const { subscriptions } = context;
  const log = createExtensionLog(subscriptions);
  const tokens = createTokenStore(context.secrets);
  const client = new DriveClient({
    extensionPath: context.extensionPath,
    version: String(context.extension.packageJSON.version),
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
  const publicItems = new PublicItems(client);
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
  setImmediate(() => void startUp(services, keys.update));
  const { tree, dragAndDrop } = files;
  const activationMs = loadMs + getWorkedMs() - calledAt;
  return { state: () => client.state, activationMs, tree, dragAndDrop, decorations, details: details.tree };
}
