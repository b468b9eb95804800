import type { Services } from '../services.ts';
import { chooseWay } from '../signIn/chooseWay.ts';
import { signInInBrowser } from '../signIn/inBrowser.ts';
import { askForToken, signInWith } from '../signIn/withToken.ts';

/** "Connect to Jottacloud…": asks how to sign in, or takes the login token given. True when signed in. */
export function connect(services: Services) {
  return async (token?: unknown): Promise<boolean> => {
    if (typeof token === 'string') {
      await signInWith(services, token);
      return true;
    }
    const connected = await askToSignIn(services);
    if (connected) await services.files.reveal();
    return connected;
  };
}

/** True at once when there is an account; else asks, as Connect does. */
export async function signInIfNeeded(services: Services): Promise<boolean> {
  const { client } = services;
  if (client.state.account !== null) return true;
  if (!client.attached && (await services.tokens.load()) !== undefined) await client.attach();
  return client.state.account !== null || askToSignIn(services);
}

async function askToSignIn(services: Services): Promise<boolean> {
  const way = await chooseWay(services);
  if (way === undefined) return services.client.state.account !== null;
  return way === 'loginToken' ? askForToken(services) : signInInBrowser(services, way);
}
