import { chmod, readFile, rename, writeFile } from 'node:fs/promises';
import type { Tokens, TokenVault } from '../../jottacloud/auth/tokens.ts';

/** Tokens of the headless drive, in one file of the state folder (0600). */
export class TokenFile implements TokenVault {
  readonly #file: string;
  /** User name in the login token that the tokens were made of; the service has another name for the same user. */
  #loginName: string | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  get loginName(): string | undefined {
    return this.#loginName;
  }

  /** Replaces the file in one step. */
  async saveTokens(tokens: Tokens, loginName = this.#loginName): Promise<void> {
    const anew = `${this.#file}.new`;
    await writeFile(anew, JSON.stringify({ ...tokens, loginName }), { mode: 0o600, flush: true });
    await chmod(anew, 0o600);
    await rename(anew, this.#file);
    this.#loginName = loginName;
  }

  /** undefined when there are none, or nothing that could be used. */
  async loadTokens(): Promise<Tokens | undefined> {
    try {
      const { loginName, ...tokens } = JSON.parse(await readFile(this.#file, 'utf8')) as Tokens & {
        loginName?: string;
      };
      this.#loginName = loginName;
      return tokens;
    } catch {
      return undefined;
    }
  }
}
