import { defineEntity, p } from '@mikro-orm/core';
import type { Standing } from '../charges/standing.js';

export const TOKEN_SOURCES = ['INVOICE', 'ANALYTICS', 'OTHER'] as const;
export type TokenSource = (typeof TOKEN_SOURCES)[number];

const TokenUsageSchema = defineEntity({
  name: 'TokenUsage',
  tableName: 'token_usage',
  properties: {
    workspaceId: p.uuid().primary(),
    month: p.text().primary(),
    currency: p.text().primary(),
    id: p.uuid(),
    tokens: p.bigint('number'),
    source: p.text().$type<TokenSource>(),
    note: p.text(),
    /** What the ledger says of it: the sum of its entries. */
    standing: p.json<Standing[]>(),
    version: p.integer(),
    recordedBy: p.uuid(),
    recordedAt: p.datetime(),
  },
});

/** How many tokens the provider's Business Agent used in a month, as it was said last. */
export class TokenUsage extends TokenUsageSchema.class {}
TokenUsageSchema.setClass(TokenUsage);
