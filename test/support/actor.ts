import type { Actor } from '@fenster/auth';
import { newId } from '@fenster/runtime';

/** Somebody with no rights but those that the test names. */
export function actorWith(rights: Partial<Actor> = {}): Actor {
  return {
    kind: 'member',
    id: newId(),
    workspaceId: newId(),
    role: 'test',
    permissions: [],
    teamIds: [],
    channelIds: [],
    sessionId: undefined,
    issuedAt: undefined,
    expiresAt: undefined,
    ...rights,
  };
}
