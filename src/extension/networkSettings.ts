import * as vscode from 'vscode';
import { defaultNetworkOptions, type NetworkOptions } from '../base/networkOptions.ts';

/** VS Code's own settings for proxies and certificates. They cannot be set by a workspace, so opening one changes nothing. */
export function getNetworkOptions(): NetworkOptions {
  const settings = vscode.workspace.getConfiguration('http');
  const noProxy = settings.get<unknown>('noProxy');
  return {
    useProxy: settings.get('proxySupport') !== 'off',
    proxy: toText(settings.get('proxy')),
    noProxy: Array.isArray(noProxy) ? noProxy.filter((entry) => typeof entry === 'string') : [],
    proxyAuthorization: toText(settings.get('proxyAuthorization')),
    strictSsl: toFlag(settings.get('proxyStrictSSL'), defaultNetworkOptions.strictSsl),
    systemCertificates: toFlag(settings.get('systemCertificates'), defaultNetworkOptions.systemCertificates),
  };
}

function toText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function toFlag(value: unknown, fallback: boolean): boolean {
  return typeof value === 'boolean' ? value : fallback;
}
