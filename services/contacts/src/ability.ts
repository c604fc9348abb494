import type { DefineRules } from '@fenster/auth';

/** Who may do what to which object of this service. Positive rules with equality conditions only. */
export const defineRules: DefineRules = (actor, can) => {
  const has = (permission: (typeof actor.permissions)[number]) => actor.permissions.includes(permission);
  if (has('contact:read')) {
    can('read', 'Contact');
    can('read', 'ContactIdentity');
    can('read', 'ContactAttribute');
    can('read', 'ContactLabel');
    can('read', 'Segment');
    can('read', 'ClickToChatLink');
    // When a contact wrote tells of conversations, whoever's they are.
    if (has('conversation:read_all')) can('read', 'ContactActivity');
    // What people wrote is for those who may read that.
    if (has('message:read')) {
      can('read', 'ContactNote');
      can('read', 'ContactFile');
    }
    can('read', 'ConsentText');
    if (has('contact:read_phone')) can('read_phone', 'Contact');
  }
  if (has('contact:manage')) {
    can('read', 'Job');
    can('read', 'Newsletter');
  }
  // Whoever notes a consent is told where it stands then.
  if (has('contact:read') || has('consent:record')) can('read', 'Consent');
  if (has('consent:read')) can('read', 'ConsentEvent');
  if (has('access_request:manage')) {
    can('read', 'AccessRequest');
    can('manage', 'AccessRequest');
  }
  if (has('erasure:manage')) {
    can('read', 'Erasure');
    can('erase', 'Erasure');
  }
  if (has('retention:manage')) {
    can('read', 'RetentionRule');
    can('read', 'RetentionPause');
    can('read', 'RetentionRun');
    can('read', 'LegalHold');
    can('release', 'LegalHold');
  }
};
