import type { ParameterFormat, TemplateCategory, TemplateDefinition, TemplateStatus } from '@fenster/contracts';
import { defineEntity, p } from '@mikro-orm/core';

const TemplateSchema = defineEntity({
  name: 'Template',
  tableName: 'template',
  properties: {
    id: p.uuid().primary(),
    workspaceId: p.uuid(),
    /** Of the provider: its channels can send it. */
    accountId: p.text(),
    name: p.text(),
    language: p.text(),
    status: p.text().$type<TemplateStatus>(),
    category: p.text().$type<TemplateCategory>(),
    parameterFormat: p.text().$type<ParameterFormat>(),
    /** Null until channels has read it. */
    definition: p.json<TemplateDefinition>().nullable(),
  },
});

/** A message template of the workspace, as channels last told. */
export class Template extends TemplateSchema.class {}
TemplateSchema.setClass(Template);
