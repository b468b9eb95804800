import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { BrandKey } from '../../jottacloud/auth/brands.ts';
import type { ServiceDeps } from '../../jottacloud/options.ts';
import { BrowserSignIn, signInPatienceMs } from '../signIn/browserSignIn.ts';
import type { BrowserLogin } from './signIn.ts';

export interface BrowserLoginDeps {
  readonly endpoint: string | undefined;
  readonly service: ServiceDeps;
  /** One line for the person. */
  readonly say: (line: string) => void;
  /** Where the address of the last page may be pasted. */
  readonly input: Readable;
}

const page = {
  title: 'Jottacloud',
  done: 'You are signed in. You can close this page.',
  refused: 'You are not signed in. The terminal tells why.',
};

/** Prints the address of the sign-in page, and waits for the browser to come back or for a pasted address. */
export function createBrowserLogin(brand: BrandKey, deps: BrowserLoginDeps): BrowserLogin {
  const { endpoint, service, say, input } = deps;
  return async (save, signal) => {
    const params = { brand, endpoint, page, service, patienceMs: signInPatienceMs };
    const signIn = await BrowserSignIn.begin({ ...params, use: save }, signal);
    say(`sign in at ${signIn.address}`);
    say('If the browser cannot show the last page, copy the address of that page and paste it here.');
    const lines = createInterface({ input });
    lines.on('line', (line) => {
      signIn.pass(line).catch(() => say('This is not the address of the last page of this sign-in.'));
    });
    try {
      return await signIn.wait(signal);
    } finally {
      lines.close();
    }
  };
}
