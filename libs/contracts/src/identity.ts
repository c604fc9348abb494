import { z } from 'zod';
import { id } from './common.js';
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

export const apiKeyRevoked = defineEvent({
  name: 'identity.api_key.revoked',
  version: 1,
  dataClass: 'operational',
  description: 'An API key is void, and with it the access tokens that were issued for it up to this moment.',
  schema: z.object({ apiKeyId: id }),
});
export type ApiKeyRevoked = EventData<typeof apiKeyRevoked>;
