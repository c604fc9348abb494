import { defineEntity, p } from '@mikro-orm/core';

const WorkspaceSchema = defineEntity({
  name: 'Workspace',
  tableName: 'workspace',
  properties: {
    workspaceId: p.uuid().primary(),
    name: p.text(),
    createdAt: p.datetime(),
  },
});

/** A tenant: whatever belongs to a customer of ours belongs to exactly one. */
export class Workspace extends WorkspaceSchema.class {}
WorkspaceSchema.setClass(Workspace);
