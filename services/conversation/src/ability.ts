import { mayAct, type DefineRules } from '@fenster/auth';

/** Who may do what to which object of this service. Positive rules with equality conditions only. */
export const defineRules: DefineRules = (actor, can) => {
  const actions = [
    ...(actor.permissions.includes('conversation:read') ? ['read'] : []),
    ...(mayAct(actor, 'message:send') ? ['send'] : []),
  ];
  for (const action of actions) {
    if (actor.permissions.includes('conversation:read_all')) can(action, 'Conversation');
    else {
      can(action, 'Conversation', { teamId: actor.teamIds });
      can(action, 'Conversation', { assigneeId: actor.id });
      can(action, 'Conversation', { channelId: actor.channelIds, teamId: null, assigneeId: null });
    }
  }
};
