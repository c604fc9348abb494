import { PERMISSIONS } from '@fenster/auth';
import { describe, expect, it } from 'vitest';
import { isBuiltIn, permissionsIn, permissionsOf, ROLES } from './built-in-role.js';

describe('the built-in roles', () => {
  it('grant exactly this', () => {
    const matrix = ROLES.map((role) => {
      const granted = permissionsOf(role);
      return `${role.padEnd(15)} ${PERMISSIONS.filter((permission) => granted.includes(permission)).join(' ')}`;
    });
    expect(matrix).toMatchInlineSnapshot(`
      [
        "owner           workspace:read workspace:manage member:read member:manage team:read team:manage role:manage api_key:manage audit:read channel:read channel:manage template:manage contact:read contact:read_phone contact:update contact:manage consent:read consent:manage consent:record erasure:manage retention:manage access_request:manage conversation:read conversation:read_all conversation:update conversation:manage message:read message:send message:approve cost:read cost:manage webhook_event:read",
        "admin           workspace:read member:read member:manage team:read team:manage role:manage api_key:manage audit:read channel:read channel:manage template:manage contact:read contact:read_phone contact:update contact:manage consent:read consent:manage consent:record erasure:manage retention:manage access_request:manage conversation:read conversation:read_all conversation:update conversation:manage message:read message:send message:approve cost:read cost:manage webhook_event:read",
        "supervisor      workspace:read member:read team:read channel:read template:manage contact:read contact:read_phone contact:update contact:manage consent:read consent:record conversation:read conversation:read_all conversation:update conversation:manage message:read message:send message:approve cost:read",
        "agent           workspace:read member:read team:read channel:read contact:read contact:read_phone contact:update consent:record conversation:read conversation:update message:read message:send cost:read",
        "finance         workspace:read channel:read conversation:read conversation:read_all cost:read cost:manage",
        "privacy_officer workspace:read audit:read channel:read contact:read contact:read_phone contact:update consent:read consent:manage consent:record erasure:manage retention:manage access_request:manage",
        "bot             workspace:read channel:read contact:read conversation:read conversation:read_all conversation:update message:read message:send",
      ]
    `);
  });

  it('let finance see cost and never a body, a phone number or a name', () => {
    const finance = permissionsOf('finance');
    expect(finance).toContain('cost:read');
    for (const permission of ['message:read', 'contact:read_phone', 'contact:read', 'webhook_event:read']) {
      expect(finance).not.toContain(permission);
    }
  });

  it('let the privacy officer see contacts and never a message', () => {
    const officer = permissionsOf('privacy_officer');
    expect(officer).toContain('contact:read');
    for (const permission of ['message:read', 'message:send', 'conversation:read', 'webhook_event:read']) {
      expect(officer).not.toContain(permission);
    }
  });

  it('give everything to owners alone', () => {
    const everything = ROLES.filter((role) => permissionsOf(role).length === PERMISSIONS.length);
    expect(everything).toEqual(['owner']);
  });

  it.each(['constructor', 'toString', 'root', ''])('do not include one named %j', (role) => {
    expect(isBuiltIn(role)).toBe(false);
  });
});

describe('what any role allows', () => {
  it('is what a built-in role allows, whatever the workspace made under its name', () => {
    expect(permissionsIn('finance', ['workspace:manage'])).toBe(permissionsOf('finance'));
  });

  it('is for one of the workspace what it was given, as far as this version knows it, and nothing for one that is gone', () => {
    expect(permissionsIn('r1', ['message:read', 'moon:visit'])).toEqual(['message:read']);
    expect(permissionsIn('r1', null)).toEqual([]);
  });
});
