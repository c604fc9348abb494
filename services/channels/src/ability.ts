import type { DefineRules } from '@fenster/auth';
import { abilitiesBy } from '@fenster/graphql';

/** Who may do what to which object of this service. Positive rules with equality conditions only. */
const defineRules: DefineRules = (actor, can) => {
  if (actor.permissions.includes('channel:read')) can('read', 'Channel');
  if (actor.permissions.includes('channel:read')) can('read', 'Template');
  if (actor.permissions.includes('template:manage')) can('update', 'Template');
  if (actor.permissions.includes('channel:manage')) can('update', 'Channel');
  if (actor.permissions.includes('message:read')) can('read', 'Media');
  if (actor.permissions.includes('webhook_event:read')) {
    can('read', 'DeadLetter');
    can('read', 'WebhookEvent');
    if (actor.permissions.includes('channel:manage')) can('replay', 'WebhookEvent');
  }
};

export const abilityOf = abilitiesBy(defineRules);
