import { PERMISSIONS } from '@fenster/auth';
import { describe, expect, it } from 'vitest';
import { isBuiltIn, permissionsOf, ROLES } from './built-in-role.js';

describe('the built-in roles', () => {
  it('grant exactly this', () => {
    const matrix = ROLES.map((role) => {
      const granted = permissionsOf(role);
      return `${role.padEnd(15)} ${PERMISSIONS.filter((permission) => granted.includes(permission)).join(' ')}`;
    });
    expect(matrix).toMatchInlineSnapshot(`
      [
        "owner           workspace:read workspace:manage member:read member:manage team:read team:manage role:manage api_key:manage audit:read channel:read channel:manage contact:read contact:read_phone consent:read consent:manage erasure:manage conversation:read conversation:read_all conversation:manage message:read message:send cost:read webhook_event:read",
        "admin           workspace:read member:read member:manage team:read team:manage role:manage api_key:manage audit:read channel:read channel:manage contact:read contact:read_phone consent:read consent:manage erasure:manage conversation:read conversation:read_all conversation:manage message:read message:send cost:read webhook_event:read",
        "supervisor      workspace:read member:read team:read channel:read contact:read contact:read_phone consent:read conversation:read conversation:read_all conversation:manage message:read message:send cost:read",
        "agent           workspace:read member:read team:read channel:read contact:read contact:read_phone conversation:read message:read message:send cost:read",
        "finance         workspace:read channel:read conversation:read conversation:read_all cost:read",
        "privacy_officer workspace:read audit:read channel:read contact:read contact:read_phone consent:read consent:manage erasure:manage",
        "bot             workspace:read channel:read contact:read conversation:read conversation:read_all message:read message:send",
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
