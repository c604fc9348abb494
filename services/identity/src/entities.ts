import { ApiKey } from './api-keys/api-key.entity.js';
import { AuditEntry } from './audit/audit-entry.entity.js';
import { Channel } from './channels/channel.entity.js';
import { Member } from './members/member.entity.js';
import { OidcIssuer } from './oidc/oidc-issuer.entity.js';
import { CustomRole } from './roles/role.entity.js';
import { Session } from './sessions/session.entity.js';
import { SigningKey } from './signing-keys/signing-key.entity.js';
import { Team, TeamChannel, TeamMember } from './teams/team.entity.js';
import { Workspace } from './workspaces/workspace.entity.js';

export const entities = [
  Workspace,
  Member,
  CustomRole,
  Team,
  TeamMember,
  TeamChannel,
  Session,
  SigningKey,
  OidcIssuer,
  ApiKey,
  AuditEntry,
  Channel,
];
