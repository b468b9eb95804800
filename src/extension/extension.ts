import type * as vscode from 'vscode';
import { compose } from './compose.ts';

/**
 * The extension shows what the drive process is and does, and sends it requests. It keeps the tokens in VS Code's SecretStorage
 * without looking into them, holds all text for people, and never uses the network itself. A window that was never signed in
 * starts nothing: the drive process begins with the first sign-in, or with the stored session of an earlier one.
 */
export function activate(context: vscode.ExtensionContext): void {
  compose(context);
}
