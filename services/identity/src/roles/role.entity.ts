import type { Permission } from '@fenster/auth';
import { defineEntity, p } from '@mikro-orm/core';

const CustomRoleSchema = defineEntity({
  name: 'CustomRole',
  tableName: 'role',
  properties: {
    id: p.uuid().primary(),
    workspaceId: p.uuid(),
    name: p.text(),
    permissions: p.array().$type<Permission[]>(),
    createdAt: p.datetime(),
  },
});

/** A named set of permissions that a workspace made for itself. */
export class CustomRole extends CustomRoleSchema.class {}
CustomRoleSchema.setClass(CustomRole);
