import * as vscode from 'vscode';
import { DriveError } from '../../protocol/errors.ts';
import { findAccountPath } from '../fileSystem/scheme.ts';
import type { Services } from '../services.ts';

/** Parts of the path of something that can be made: an empty one, the device, the mountpoint, its own name. */
const leastParts = 4;

/** VS Code tells of a file that cannot be made beside Archive in the words of the system; this says where it can be. */
export function watchCreatedAbove({ client, report }: Services): vscode.Disposable {
  return vscode.workspace.onWillCreateFiles(({ files }) => {
    const paths = files
      .filter(({ scheme }) => scheme === 'file')
      .flatMap((uri) => findAccountPath(client.state, uri) ?? []);
    const above = paths.find((accountPath) => accountPath.split('/').length < leastParts);
    if (above !== undefined) report(new DriveError('notChangeable', { path: above }));
  });
}
