import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { startFamily } from './auth.ts';
import { realmPath, tokenEndpoint } from './brands.ts';
import type { Context } from './context.ts';

/** How to start an unmodified rclone on the emulator: `rclone --config <config> … remote:` with `env` added to its environment. */
export interface RcloneAccess {
  config: string;
  env: Record<string, string>;
}

/** Writes rclone.conf with one remote named `remote` and a token family of its own (PROTOCOL.md §7). */
export async function writeRcloneFiles(context: Context, folder: string): Promise<RcloneAccess> {
  const pair = startFamily(context, 'rclone', 'jottacloud', 'jottacli');
  const token = {
    access_token: pair.accessToken,
    token_type: 'Bearer',
    refresh_token: pair.refreshToken,
    expiry: new Date(pair.expires).toISOString(),
  };
  const config = join(resolve(folder), 'rclone.conf');
  const lines = [
    '[remote]',
    'type = jottacloud',
    'configVersion = 1',
    'client_id = jottacli',
    'client_secret =',
    `tokenURL = https://id.jottacloud.com${realmPath('jottacloud')}/${tokenEndpoint}`,
    `token = ${JSON.stringify(token)}`,
    'device = Jotta',
    'mountpoint = Archive',
  ];
  await writeFile(config, `${lines.join('\n')}\n`, { mode: 0o600 });
  // An inherited NO_PROXY must not cover jottacloud.com.
  return {
    config,
    env: { HTTPS_PROXY: context.origin, SSL_CERT_FILE: join(resolve(folder), 'ca.pem'), NO_PROXY: '', no_proxy: '' },
  };
}
