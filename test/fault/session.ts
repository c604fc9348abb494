import { signIn } from '../support/api-client.js';
import { backOff } from './back-off.js';

/** Well before the 15 minutes of an access token are over. */
const RENEW_MS = 8 * 60_000;
const GIVE_UP_AFTER = 100;

/** Somebody who stays signed in, also while identity or the gateway is away. */
export class Session {
  readonly #graphqlUrl: string;
  readonly #login: { email: string; password: string };
  #current: { token: string; since: number } | undefined;

  constructor(graphqlUrl: string, login: { email: string; password: string }) {
    this.#graphqlUrl = graphqlUrl;
    this.#login = login;
  }

  async token(): Promise<string> {
    for (let failures = 0; ; failures += 1) {
      if (this.#current && performance.now() - this.#current.since < RENEW_MS) return this.#current.token;
      try {
        const token = await signIn(this.#graphqlUrl, this.#login);
        this.#current = { token, since: performance.now() };
      } catch (error) {
        if (failures >= GIVE_UP_AFTER) throw error;
        await backOff(failures);
      }
    }
  }
}
