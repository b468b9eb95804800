import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { type CertificateKind, createAuthority } from './certificates.ts';
import type { Context } from './context.ts';
import { bind, type Listener, listenerOptions, serveRequests } from './server.ts';

export interface TlsListener extends Listener {
  /** Shows another certificate from the next connection on, and cuts those that are open. */
  useCertificate(kind: CertificateKind): Promise<void>;
}

/**
 * Serves the same requests over TLS as the real hosts, on a free loopback port that CONNECT tunnels lead to. Writes `ca.pem`,
 * `leaf.pem` and `leaf.key` of a throwaway authority into `folder` (PROTOCOL.md §7).
 */
export async function startTls(context: Context, folder: string, kind: CertificateKind = 'good'): Promise<TlsListener> {
  const authority = await createAuthority();
  const leaf = await authority.issue(kind);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'ca.pem'), authority.cert);
  await writeFile(join(folder, 'leaf.pem'), leaf.cert);
  await writeFile(join(folder, 'leaf.key'), leaf.key, { mode: 0o600 });
  const server = createServer({ ...listenerOptions, ...leaf });
  const serving = serveRequests(context, server, 'secureConnection');
  const port = await bind(server, 0);
  return {
    port,
    close: serving.close,
    suspend: serving.suspend,
    resume: () => bind(server, port).then(() => undefined),
    async useCertificate(next) {
      server.setSecureContext(await authority.issue(next));
      serving.cut();
    },
  };
}
