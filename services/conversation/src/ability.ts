import { mayAct, type DefineRules } from '@fenster/auth';

/** Who may do what to which object of this service. Positive rules with conditions on columns only. */
export const defineRules: DefineRules = (actor, can) => {
  const actions = [
    ...(actor.permissions.includes('conversation:read') ? ['read'] : []),
    ...(mayAct(actor, 'message:send') ? ['send'] : []),
    ...(actor.permissions.includes('conversation:update') ? ['update'] : []),
  ];
  if (actor.permissions.includes('conversation:read')) {
    can('read', 'View', { ownerId: actor.id });
    can('read', 'View', { ownerId: null });
    can('update', 'View', { ownerId: actor.id });
    if (actor.permissions.includes('conversation:manage')) can('update', 'View', { ownerId: null });
  }
  for (const action of actions) {
    if (actor.permissions.includes('conversation:read_all')) can(action, 'Conversation');
    else {
      can(action, 'Conversation', { teamId: actor.teamIds });
      can(action, 'Conversation', { assigneeId: actor.id });
      can(action, 'Conversation', { channelId: actor.channelIds, teamId: null, assigneeId: null });
    }
  }
  if (!actor.permissions.includes('conversation:read')) return;
  for (const subject of ['CannedResponse', 'Macro']) {
    can('read', subject, { sharing: 'EVERYBODY' });
    can('read', subject, { sharing: 'TEAM', teamId: actor.teamIds });
    can('read', subject, { sharing: 'PERSONAL', ownerId: actor.id });
    can('change', subject, { sharing: 'PERSONAL', ownerId: actor.id });
    if (!actor.permissions.includes('conversation:manage')) continue;
    can('read', subject, { sharing: 'TEAM' });
    can('change', subject, { sharing: ['TEAM', 'EVERYBODY'] });
  }
};
