import * as vscode from 'vscode';
import { getErrorSentence } from '../errorTexts.ts';
import type { Services } from '../services.ts';
import { showInformation } from '../ui/messages.ts';

const macFusePage = 'https://macfuse.github.io/';
const privacyPane = 'x-apple.systempreferences:com.apple.settings.PrivacySecurity.extension';
const linuxCommand = 'sudo apt-get install fuse3';

/** One way out of the problem: what it says on the button, and what pressing it does. */
interface NextStep {
  readonly text: string;
  readonly button: string;
  readonly run: () => unknown;
}

/** "Install FUSE…": looks, and tells the exact next step for what is wrong. Browsing works without FUSE. */
export function installFuse(services: Services) {
  return async (): Promise<void> => {
    await services.fuse.update();
    if (services.fuse.ready) return tellReady();
    // No program that could be installed would help.
    const { problem } = services.fuse;
    if (problem === 'packageCannotMount' || problem === 'systemCannotMount') {
      await showInformation(getErrorSentence(problem, {}));
      return;
    }
    const again = vscode.l10n.t('Check Again');
    const { text, button, run } = process.platform === 'darwin' ? getMacStep(services) : getLinuxStep(services);
    const chosen = await showInformation(text, button, again);
    if (chosen === button) await run();
    if (chosen === again) await checkFuse(services)();
  };
}

/** "Check for FUSE": asks the drive and says what it found; what is missing is shown with its next step. */
export function checkFuse({ fuse }: Services) {
  return async (): Promise<boolean> => {
    await fuse.ensure();
    tellReady();
    return true;
  };
}

function tellReady(): void {
  // A Mac can do without FUSE.
  const text =
    process.platform === 'darwin'
      ? vscode.l10n.t('This Mac can mount Jottacloud.')
      : vscode.l10n.t('FUSE is ready: this computer can mount Jottacloud.');
  void showInformation(text);
}

function getMacStep({ fuse: { problem } }: Services): NextStep {
  if (problem === 'fuseNotAllowed') {
    return {
      text: vscode.l10n.t(
        'macFUSE is installed, but macOS does not let it run yet. On a Mac with Apple silicon, shut down, hold the power button until the startup options show, open Options › Utilities › Startup Security Utility, choose Reduced Security and allow kernel extensions of identified developers. Then open System Settings › Privacy & Security, allow the system software of “Benjamin Fleischer”, restart the Mac when asked, and check again. The setting {0} with “nfs” needs none of this.',
        'jottacloud.mount.driver',
      ),
      button: vscode.l10n.t('Open System Settings'),
      run: () => vscode.env.openExternal(vscode.Uri.parse(privacyPane)),
    };
  }
  return {
    text:
      problem === 'fuseTooOld'
        ? vscode.l10n.t(
            'The installed macFUSE is too old. Install the current version from its page, then check again.',
          )
        : vscode.l10n.t(
            'Mounting needs macFUSE. Install it from its page, allow it in System Settings, then check again.',
          ),
    button: vscode.l10n.t('Open macFUSE'),
    run: () => vscode.env.openExternal(vscode.Uri.parse(macFusePage)),
  };
}

function getLinuxStep({ fuse: { problem, hint } }: Services): NextStep {
  const command = hint === '' ? linuxCommand : hint;
  const button = vscode.l10n.t('Open Terminal');
  const run = () => typeInTerminal(command);
  if (problem === 'fuseNotAllowed') {
    const text = vscode.l10n.t(
      'FUSE is installed, but /dev/fuse may not be used. Run this, then check again: {0}. In a container, start it with /dev/fuse.',
      command,
    );
    return { text, button, run };
  }
  const text =
    problem === 'fuseTooOld'
      ? `${getErrorSentence('fuseTooOld', {})} ${command}`
      : vscode.l10n.t('Mounting needs FUSE 3. Run this, then check again: {0}', command);
  return { text, button, run };
}

/** Typed but not run: it asks for a password, and that is the person's to give. */
function typeInTerminal(command: string): void {
  const terminal = vscode.window.createTerminal('Jottacloud');
  terminal.show();
  terminal.sendText(command, false);
}
