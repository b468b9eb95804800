import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import type { Context } from './context.ts';
import { type Listener, listenerOptions, serveRequests } from './server.ts';

const hosts = ['jfs', 'api', 'id', 'up', 'www'].map((name) => `${name}.jottacloud.com`);

/**
 * Serves the same requests over TLS as the real hosts, on a free loopback port that CONNECT tunnels lead to. Writes `ca.pem`,
 * `leaf.pem` and `leaf.key` of a throwaway authority into `folder` (jottacloud-protocol.md §8).
 */
export async function startTls(context: Context, folder: string): Promise<Listener> {
  const key = { keyType: 'ec', algorithm: 'sha256' } as const;
  const authority = await generate([{ name: 'commonName', value: 'Jottacloud emulator CA' }], {
    ...key,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, digitalSignature: true, critical: true },
    ],
  });
  const leaf = await generate([{ name: 'commonName', value: 'jfs.jottacloud.com' }], {
    ...key,
    ca: { key: authority.private, cert: authority.cert },
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames: hosts.map((value) => ({ type: 2 as const, value })) },
    ],
  });
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'ca.pem'), authority.cert);
  await writeFile(join(folder, 'leaf.pem'), leaf.cert);
  await writeFile(join(folder, 'leaf.key'), leaf.private, { mode: 0o600 });
  const server = createServer({ ...listenerOptions, cert: leaf.cert, key: leaf.private });
  const serving = serveRequests(context, server, 'secureConnection');
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return { port: (server.address() as AddressInfo).port, close: serving.close };
}
