import type { Ctx, Origin } from '@fenster/database';
import { abilitiesBy, type GraphQLContext } from '@fenster/graphql';
import { defineRules } from './ability.js';
import type { PasswordVerifier } from './members/password.js';
import type { Oidc } from './oidc/oidc.js';
import type { SignInThrottle } from './sign-in-throttle/sign-in-throttle.js';
import type { KeyRing } from './signing-keys/key-ring.js';

export interface IdentityApp {
  keyRing: KeyRing;
  isPassword: PasswordVerifier;
  /** Of an invited member; the same each time. */
  invitationToken: (memberId: string) => string;
  signInThrottle: SignInThrottle;
  oidc: Oidc;
  accessTokenSeconds: number;
  sessionDays: number;
}

export type IdentityContext = GraphQLContext<IdentityApp>;

export const abilityOf = abilitiesBy(defineRules);

/** For work that begins without an actor and ends in a workspace: signing in, and renewing. */
export function onBehalfOf(ctx: IdentityContext, member: { id: string; workspaceId: string }): Ctx {
  const { database, now, log, wakeRelay, reads } = ctx;
  return {
    database,
    now,
    log,
    wakeRelay,
    reads,
    workspaceId: member.workspaceId,
    origin: { ...withoutToken(ctx.origin), actor: { kind: 'member', id: member.id } },
  };
}

/** Whoever signs in may send the token of another login along, even one of another workspace: it says nothing here. */
export function withoutToken({ sessionId: _, ...origin }: Origin): Origin {
  return { ...origin, actor: ANYBODY };
}
const ANYBODY = { kind: 'system', id: 'anonymous' } as const;
