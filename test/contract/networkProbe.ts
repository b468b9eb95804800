import { createLog } from '../../src/base/log.ts';
import { defaultNetworkOptions, type NetworkOptions } from '../../src/base/networkOptions.ts';
import { parseLoginToken } from '../../src/jottacloud/auth/loginToken.ts';
import { exchangeLoginToken } from '../../src/jottacloud/auth/loginTokenExchange.ts';
import { JottacloudClient } from '../../src/jottacloud/client.ts';
import { isJottaError } from '../../src/jottacloud/errors.ts';
import { createEndpoints } from '../../src/jottacloud/urls.ts';

/**
 * A process that signs in at the service's real addresses and lists the archive, because what a process trusts is settled
 * when it starts. Reads PROBE (`{"loginToken","options"}`), prints `{"names"}` or `{"kind"}`, logs to standard error.
 */
const probe = JSON.parse(process.env.PROBE ?? '{}') as { loginToken: string; options: Partial<NetworkOptions> };
const options: NetworkOptions = { ...defaultNetworkOptions, ...probe.options };
const deps = {
  endpoints: createEndpoints(),
  userAgent: 'probe',
  log: createLog((line) => process.stderr.write(line), 'debug'),
  network: { getOptions: () => options, env: process.env },
  limits: { tries: 1 },
};
const signal = AbortSignal.timeout(20_000);

try {
  const tokens = await exchangeLoginToken(parseLoginToken(probe.loginToken), deps, signal);
  const client = new JottacloudClient({ ...deps, tokens, vault: { saveTokens: async () => {} } });
  const entries = await client.fetchFolder(['Jotta', 'Archive'], signal);
  client.close();
  process.stdout.write(JSON.stringify({ names: entries.map(({ name }) => name) }));
} catch (error) {
  deps.log.error('the probe failed', { error });
  process.stdout.write(JSON.stringify({ kind: isJottaError(error) ? error.kind : 'unknown' }));
}
