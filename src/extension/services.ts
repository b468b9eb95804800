import type * as vscode from 'vscode';
import type { DriveClient } from './drive/client.ts';
import type { FuseCheck } from './fuseCheck.ts';
import type { ExtensionLog } from './log.ts';
import type { PublicItems } from './publicItems.ts';
import type { Reporter } from './report.ts';
import type { TokenStore } from './tokens.ts';
import type { DetailsView } from './views/details/detailsView.ts';
import type { FilesView } from './views/filesView.ts';

/** What command handlers work with; made once in compose.ts. */
export interface Services {
  readonly client: DriveClient;
  readonly tokens: TokenStore;
  readonly fuse: FuseCheck;
  readonly files: FilesView;
  readonly details: DetailsView;
  readonly publicItems: PublicItems;
  readonly log: ExtensionLog;
  readonly report: Reporter;
  /** What this extension remembers on this computer, over all windows. */
  readonly memory: vscode.Memento;
  /** What this extension remembers of the folder that this window shows. */
  readonly windowMemory: vscode.Memento;
  readonly extension: vscode.Extension<unknown>;
}
