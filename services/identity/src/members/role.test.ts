import { PERMISSIONS } from '@fenster/auth';
import { describe, expect, it } from 'vitest';
import { permissionsOf, ROLES } from './role.js';

describe('the built-in roles', () => {
  it('grant exactly this', () => {
    const matrix = ROLES.map((role) => {
      const granted = permissionsOf(role);
      return `${role.padEnd(15)} ${PERMISSIONS.filter((permission) => granted.includes(permission)).join(' ')}`;
    });
    expect(matrix).toMatchInlineSnapshot(`
      [
        "owner           workspace:read member:read channel:read channel:manage contact:read contact:read_phone conversation:read conversation:manage message:read message:send cost:read webhook_event:read",
        "admin           workspace:read member:read channel:read channel:manage contact:read contact:read_phone conversation:read conversation:manage message:read message:send cost:read webhook_event:read",
        "supervisor      workspace:read member:read channel:read contact:read contact:read_phone conversation:read conversation:manage message:read message:send cost:read",
        "agent           workspace:read member:read channel:read contact:read contact:read_phone conversation:read message:read message:send cost:read",
        "finance         workspace:read channel:read conversation:read cost:read",
        "privacy_officer workspace:read channel:read contact:read contact:read_phone",
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

  it.each(['constructor', 'toString', 'root', ''])('grant nothing to a role named %j', (role) => {
    expect(permissionsOf(role)).toEqual([]);
  });
});
