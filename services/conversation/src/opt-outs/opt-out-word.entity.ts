import { defineEntity, p } from '@mikro-orm/core';

const OptOutWordSchema = defineEntity({
  name: 'OptOutWord',
  tableName: 'opt_out_word',
  properties: {
    workspaceId: p.uuid().primary(),
    /** Normalised: see opt-out-words.rule.ts. */
    word: p.text().primary(),
    locale: p.text().nullable(),
    isEveryday: p.boolean(),
    /** False of one of Fenster's words that the workspace has switched off. */
    isActive: p.boolean(),
  },
});

/** A word that ends marketing, as the workspace chose. */
export class OptOutWord extends OptOutWordSchema.class {}
OptOutWordSchema.setClass(OptOutWord);
