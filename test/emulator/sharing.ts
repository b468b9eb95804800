import { randomBytes } from 'node:crypto';
import type { Context } from './context.ts';
import { download } from './download.ts';
import { noSuchFile } from './errors.ts';
import { announce } from './events.ts';
import { assertWritable } from './locks.ts';
import type { Node, Thing } from './model.ts';
import { type Reply, xmlReply } from './reply.ts';
import { descendants, mountPointOf, mountPointsOf, touch } from './tree.ts';
import { listingXml } from './xml.ts';
import { fileXml } from './xmlFile.ts';
import { escapeText } from './xmlText.ts';

/** Makes or ends a public link: a GET that changes things (PROTOCOL.md §2.10). */
export function share(context: Context, thing: Thing, enable: boolean): Reply {
  assertWritable(context);
  if ((thing.kind !== 'file' && thing.kind !== 'folder') || thing.deleted !== undefined) throw noSuchFile('to share');
  thing.publicUri = enable ? (thing.publicUri ?? randomBytes(16).toString('hex')) : undefined;
  touch(context, mountPointOf(thing.parent));
  announce(context, enable ? 'SHARE_FILE' : 'UNSHARE_FILE', thing);
  return xmlReply(thing.kind === 'file' ? fileXml(context, thing) : listingXml(context, thing));
}

/**
 * What anyone may fetch, without a token: `/opin/io/downloadPublic/<user>/<publicURI>` of a file, and a page at its
 * `publicSharePath`. Undefined for any other path; throws 404 for a link that is no longer good.
 */
export function publicLink(context: Context, rawPath: string, range: string | undefined): Reply | undefined {
  const [, direct, page] = /^(?:\/opin\/io\/downloadPublic\/[^/]+\/(\w+)|\/s\/(\w+))$/.exec(rawPath) ?? [];
  const uri = direct ?? page;
  if (uri === undefined) return undefined;
  const node = sharedAs(context, uri);
  if (!node) throw noSuchFile(uri);
  if (direct !== undefined && node.kind === 'file') return download(context, node, null, range);
  const body = `<!doctype html><title>${escapeText(node.name)}</title>`;
  return { status: 200, headers: { 'content-type': 'text/html;charset=UTF-8' }, body };
}

function sharedAs({ account }: Context, uri: string): Node | undefined {
  for (const mountPoint of mountPointsOf(account)) {
    for (const node of descendants(mountPoint)) {
      if (node.publicUri === uri && node.deleted === undefined) return node;
    }
  }
  return undefined;
}
