import { escapeSegment } from '../../jottacloud/urls.ts';
import { toLocalName } from '../adapters/names.ts';
import { type FilesContext, find, getServerPath, toPath } from './context.ts';

const webHome = 'https://www.jottacloud.com/web';
/** Mountpoints that the web pages show folder by folder: /web/archive/list/name/Docs/a.txt. */
const webSections: ReadonlySet<string> = new Set(['archive', 'sync']);

export async function createPublicLink(context: FilesContext, path: string, signal: AbortSignal): Promise<string> {
  return context.session.client.enableShare(await findOnServer(context, path), signal);
}

export async function getPublicLink(context: FilesContext, path: string, signal: AbortSignal): Promise<string | null> {
  return (await context.session.client.fetchShare(await findOnServer(context, path), signal)) ?? null;
}

export async function removePublicLink(context: FilesContext, path: string, signal: AbortSignal): Promise<void> {
  await context.session.client.disableShare(await findOnServer(context, path), signal);
}

export async function listPublic({ session }: FilesContext, signal: AbortSignal): Promise<string[]> {
  return (await session.client.fetchShared(signal)).map((path) => toPath(path.map(toLocalName)));
}

/** The page of the item where the web has one, else the front page. */
export async function getWebUrl(context: FilesContext, path: string): Promise<string> {
  const [device = '', mountpoint = '', ...names] = getServerPath(context, await find(context, path), path);
  const section = mountpoint.toLowerCase();
  if (device.toLowerCase() !== 'jotta' || !webSections.has(section)) return `${webHome}/`;
  return [webHome, section, 'list', 'name', ...names.map(escapeSegment)].join('/');
}

async function findOnServer(context: FilesContext, path: string) {
  return getServerPath(context, await find(context, path), path);
}
