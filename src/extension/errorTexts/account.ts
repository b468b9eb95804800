import * as vscode from 'vscode';
import type { DriveErrorCode } from '../../protocol/errors.ts';
import { type ErrorText, settings, signIn, transfers } from './parts.ts';

/** The account, its sign-in and the way to the server. */
export const accountTexts = {
  loginTokenMalformed: {
    sentence: () =>
      vscode.l10n.t(
        'This is not a personal login token. Create one on the Security page of Jottacloud and paste all of it.',
      ),
    action: signIn,
  },
  loginHostUnknown: {
    sentence: (args) =>
      vscode.l10n.t('This login token leads to {0}, which is not a sign-in page that is known.', args.host ?? ''),
  },
  loginTokenUsed: {
    sentence: () =>
      vscode.l10n.t('This login token was used before or has expired. Create a new one on the Security page.'),
    action: signIn,
  },
  signInRefused: {
    sentence: () => vscode.l10n.t('The sign-in was refused, or cancelled in the browser. Try again.'),
    action: signIn,
  },
  signInEnded: {
    sentence: () => vscode.l10n.t('The sign-in in the browser was not completed in time. Try again.'),
    action: signIn,
  },
  signInAddressWrong: {
    sentence: () =>
      vscode.l10n.t('This is not the address of the last page of this sign-in. Copy all of it from the browser.'),
  },
  signInPortBusy: {
    sentence: (args) =>
      vscode.l10n.t(
        'Another program on this computer uses port {0}, which a sign-in in the browser needs. Stop it and try again.',
        args.port ?? '',
      ),
    action: signIn,
  },
  signedOut: {
    sentence: () =>
      vscode.l10n.t('Jottacloud asks you to sign in again. Your changes are kept on this computer until then.'),
    action: signIn,
  },
  offline: {
    sentence: () =>
      vscode.l10n.t('Jottacloud cannot be reached. Check the network; changes are kept and sent when it is back.'),
  },
  timeout: {
    sentence: () => vscode.l10n.t('Jottacloud did not answer in time. Try again in a moment.'),
  },
  certificateUntrusted: {
    sentence: () =>
      vscode.l10n.t(
        'The connection to Jottacloud is not secure: its certificate is not trusted by this computer. If your network checks traffic, install its certificate on this computer.',
      ),
    action: settings('http.systemCertificates'),
  },
  proxyRefused: {
    sentence: () =>
      vscode.l10n.t(
        'The proxy of your network refuses the connection to Jottacloud. Check its address, name and password in the settings.',
      ),
    action: settings('http.proxy'),
  },
  quota: {
    sentence: () =>
      vscode.l10n.t('Your Jottacloud storage is full. Free some space or upgrade; changes are kept until then.'),
    action: transfers,
  },
  writeLocked: {
    sentence: () =>
      vscode.l10n.t(
        'Jottacloud has locked your account for changes. Look at your account on the web; changes are kept until then.',
      ),
    action: transfers,
  },
  wrongAccount: {
    sentence: (args) =>
      vscode.l10n.t(
        'Changes of {0} are still waiting on this computer. Sign in with that account, or disconnect it first.',
        args.username ?? vscode.l10n.t('another account'),
      ),
    action: signIn,
  },
} as const satisfies Partial<Record<DriveErrorCode, ErrorText>>;
