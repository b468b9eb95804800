import { parseLoginToken } from '../../src/jottacloud/auth/loginToken.ts';
import { JottaError } from '../../src/jottacloud/errors.ts';
import { runLive } from './run.ts';

const usage = `JOTTACLOUD_LOGIN_TOKEN=… npm run test:live

Runs the client contract against the real service, in a new folder of /Jotta/Archive that goes to the trash at the end, and
asks what PROTOCOL.md leaves open. Make a login token under Settings → Security at www.jottacloud.com. It is good for
one run: the tokens it is exchanged for stay in memory, are written nowhere, and are spent at the end.
JOTTACLOUD_ENDPOINT=URL runs against an emulator instead.`;

const text = process.env.JOTTACLOUD_LOGIN_TOKEN ?? '';
const endpoint = process.env.JOTTACLOUD_ENDPOINT || undefined;

if (text === '') {
  console.error(usage);
  process.exitCode = 2;
} else {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  try {
    const loginToken = parseLoginToken(text);
    const { passed, failed } = await runLive({ loginToken, endpoint, signal: stop.signal, say: console.log });
    console.log(`\n${passed} passed, ${failed} failed`);
    process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
  } catch (error) {
    if (!(error instanceof JottaError)) throw error;
    console.error(`${error.kind}: ${error.message}`);
    process.exitCode = 1;
  }
}
