import type * as vscode from 'vscode';
import type { StoredTokens } from '../protocol/messages.ts';

/** The one secret this extension keeps; changing the name signs everybody out. */
export const tokensKey = 'jottacloud.tokens';

export interface TokenStore {
  load(): Promise<StoredTokens | undefined>;
  /** Resolves when the secret is durably stored. */
  store(tokens: StoredTokens): Promise<void>;
  clear(): Promise<void>;
  /** Tokens came or went, in any window. */
  readonly onDidChange: (listener: () => void) => vscode.Disposable;
}

export function createTokenStore(secrets: vscode.SecretStorage): TokenStore {
  return {
    async load() {
      return parseTokens(await secrets.get(tokensKey));
    },
    async store({ username, secret }) {
      await secrets.store(tokensKey, JSON.stringify({ username, secret }));
    },
    async clear() {
      await secrets.delete(tokensKey);
    },
    onDidChange: (listener) => secrets.onDidChange((event) => event.key === tokensKey && listener()),
  };
}

/** A secret that does not parse counts as none: signing in again writes a good one. */
function parseTokens(text: string | undefined): StoredTokens | undefined {
  if (text === undefined) return undefined;
  try {
    const { username, secret } = JSON.parse(text) as Partial<Record<keyof StoredTokens, unknown>>;
    return typeof username === 'string' && typeof secret === 'string' ? { username, secret } : undefined;
  } catch {
    return undefined;
  }
}
