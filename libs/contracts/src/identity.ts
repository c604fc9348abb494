import { z } from 'zod';
import { id, instant } from './common.js';
import { defineEvent, type EventData } from './define-event.js';

export const memberAccessChanged = defineEvent({
  name: 'identity.member.access_changed',
  version: 1,
  dataClass: 'operational',
  description:
    'What a member may do or see changed. Access tokens issued up to this moment do not say the truth any more; renewed ones do.',
  schema: z.object({
    memberId: id,
    reason: z.enum(['role', 'role_permissions', 'teams', 'team_channels', 'removed']),
  }),
});
export type MemberAccessChanged = EventData<typeof memberAccessChanged>;

export const memberChanged = defineEvent({
  name: 'identity.member.changed',
  version: 1,
  dataClass: 'identity',
  description:
    'A member as they are now. Told at every change, and again every few days, so that whoever reads the stream from its beginning knows all of them.',
  schema: z.object({
    memberId: id,
    name: z.string(),
    status: z.enum(['INVITED', 'ACTIVE', 'REMOVED']),
    /** What their role grants; newer versions may name some that the reader does not know. */
    permissions: z.array(z.string()),
  }),
});
export type MemberChanged = EventData<typeof memberChanged>;

export const teamChanged = defineEvent({
  name: 'identity.team.changed',
  version: 1,
  dataClass: 'operational',
  description:
    'A team as it is now. Told at every change, and again every few days, so that whoever reads the stream from its beginning knows all of them.',
  schema: z.object({ teamId: id, memberIds: z.array(id), channelIds: z.array(id) }),
});
export type TeamChanged = EventData<typeof teamChanged>;

export const sessionEnded = defineEvent({
  name: 'identity.session.ended',
  version: 1,
  dataClass: 'operational',
  description:
    'Somebody signed out, was signed out, or used a refresh token twice. Access tokens of the session are void.',
  schema: z.object({ sessionId: id, memberId: id }),
});
export type SessionEnded = EventData<typeof sessionEnded>;

export const teamDeleted = defineEvent({
  name: 'identity.team.deleted',
  version: 1,
  dataClass: 'operational',
  description: 'A team is gone: what was its work is nobody’s.',
  schema: z.object({ teamId: id }),
});
export type TeamDeleted = EventData<typeof teamDeleted>;

export const apiKeyChanged = defineEvent({
  name: 'identity.api_key.changed',
  version: 1,
  dataClass: 'operational',
  description:
    'An API key that is good as of now. Told when it is made, and again every few days until it ends, so that whoever reads the stream from its beginning knows all of them.',
  schema: z.object({
    apiKeyId: id,
    /** It is void from then on, without another word. */
    expiresAt: instant,
  }),
});
export type ApiKeyChanged = EventData<typeof apiKeyChanged>;

export const apiKeyRevoked = defineEvent({
  name: 'identity.api_key.revoked',
  version: 1,
  dataClass: 'operational',
  description: 'An API key is void, and with it the access tokens that were issued for it up to this moment.',
  schema: z.object({ apiKeyId: id }),
});
export type ApiKeyRevoked = EventData<typeof apiKeyRevoked>;
