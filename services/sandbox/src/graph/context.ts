import type { Call } from '../http/http.js';
import type { Account, PhoneNumber } from '../numbers.js';
import type { World } from '../world.js';
import { badToken, refuse, unknownObject } from './graph-error.js';

/** One call of the Graph API, with the token that it came with. */
export interface GraphContext extends Call {
  world: World;
  token: string;
  /** `v26.0`, as in the path. */
  version: string;
}

export function tokenOf({ request, query }: Call): string | undefined {
  const { authorization } = request.headers;
  return /^(?:Bearer|OAuth) (.+)$/i.exec(authorization ?? '')?.[1] ?? query.get('access_token') ?? undefined;
}

/** A token of a number, or the app's own `{app id}|{app secret}`. */
export function knowsToken({ numbers, config }: World, token: string): boolean {
  return (
    config.numbers.some((number) => number.accessToken === token) || token === `${numbers.app.id}|${numbers.app.secret}`
  );
}

// Meta does not tell what a token may not see from what does not exist.

export function myNumber({ world, token, method }: GraphContext, id: string): PhoneNumber {
  const number = world.numbers.get(id);
  return number?.accessToken === token ? number : refuse(unknownObject(id, method.toLowerCase()));
}

export function myAccount({ world, token, method }: GraphContext, id: string): Account {
  const account = world.numbers.account(id);
  const isMine = world.numbers.numbersOf(id).some((number) => number.accessToken === token);
  return account && isMine ? account : refuse(unknownObject(id, method.toLowerCase()));
}

export function requireToken({ world, token }: Pick<GraphContext, 'world' | 'token'>): void {
  if (!knowsToken(world, token)) refuse(badToken);
}
