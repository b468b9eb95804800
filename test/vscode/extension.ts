import type * as vscode from 'vscode';
import { compose } from '../../src/extension/compose.ts';
import type { Decorations } from '../../src/extension/views/decorations.ts';
import type { DetailsTree } from '../../src/extension/views/details/detailsTree.ts';
import type { FilesDragAndDrop } from '../../src/extension/views/filesDragAndDrop.ts';
import type { FilesTree } from '../../src/extension/views/filesTree.ts';
import type { DriveState } from '../../src/protocol/state.ts';

// The extension as the suite runs it: the real one, which also hands out what only VS Code calls and no command does.

export interface ExtensionApi {
  state(): DriveState;
  readonly activationMs: number;
  /** Whose rows VS Code draws and drops. */
  readonly tree: FilesTree;
  readonly dragAndDrop: FilesDragAndDrop;
  readonly decorations: Decorations;
  readonly details: DetailsTree;
}

export function activate(context: vscode.ExtensionContext): ExtensionApi {
  const { services, decorations, activationMs } = compose(context);
  const { client, files, details } = services;
  return {
    state: () => client.state,
    activationMs,
    tree: files.tree,
    dragAndDrop: files.dragAndDrop,
    decorations,
    details: details.tree,
  };
}
