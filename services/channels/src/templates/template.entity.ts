import type {
  ParameterFormat,
  TemplateCategory,
  TemplateDefinition,
  TemplateQuality,
  TemplateStatus,
} from '@fenster/contracts';
import { defineEntity, p } from '@mikro-orm/core';
import type { TemplateRejection } from '../providers/provider.js';

const TemplateSchema = defineEntity({
  name: 'Template',
  tableName: 'template',
  properties: {
    id: p.uuid().primary(),
    workspaceId: p.uuid(),
    accountId: p.text(),
    name: p.text(),
    language: p.text(),
    providerTemplateId: p.text().nullable(),
    status: p.text().$type<TemplateStatus>(),
    rejection: p.json<TemplateRejection>().nullable(),
    category: p.text().$type<TemplateCategory>(),
    previousCategory: p.text().$type<TemplateCategory>().nullable(),
    announcedCategory: p.text().$type<TemplateCategory>().nullable(),
    announcedFor: p.datetime().nullable(),
    quality: p.text().$type<TemplateQuality>(),
    parameterFormat: p.text().$type<ParameterFormat>(),
    definition: p.json<TemplateDefinition>().nullable(),
    timeToLiveSeconds: p.integer().nullable(),
    submissionHash: p.text().nullable(),
    createdAt: p.datetime(),
    changedAt: p.datetime(),
  },
});

/** A message template of an account, in one language, as its provider last told. It changes by `changeTemplates` alone. */
export class TemplateEntity extends TemplateSchema.class {}
TemplateSchema.setClass(TemplateEntity);
