import { defineEntity, p } from '@mikro-orm/core';

/** DRAFT: imported, waits for a second person. REPLACED: was in force. DISCARDED: never was. */
export const PRICE_BOOK_STATES = ['DRAFT', 'ACTIVE', 'REPLACED', 'DISCARDED'] as const;
export type PriceBookState = (typeof PRICE_BOOK_STATES)[number];

const WorkspacePriceBookSchema = defineEntity({
  name: 'WorkspacePriceBook',
  tableName: 'workspace_price_book',
  properties: {
    workspaceId: p.uuid().primary(),
    id: p.uuid().primary(),
    /** SHA-256 of the content. */
    version: p.text(),
    content: p.text().lazy(),
    note: p.text(),
    rateCount: p.integer(),
    state: p.text().$type<PriceBookState>(),
    /** The version that it was compared with, and takes the place of. */
    basedOn: p.text(),
    /** Null: it came with a release. */
    importedBy: p.uuid().nullable(),
    importedAt: p.datetime(),
    decidedBy: p.uuid().nullable(),
    decidedAt: p.datetime().nullable(),
    /** When everything that it changes was rated again. */
    appliedAt: p.datetime().nullable(),
  },
});

/** Prices that a workspace has agreed on, in place of the book that ships. */
export class WorkspacePriceBook extends WorkspacePriceBookSchema.class {}
WorkspacePriceBookSchema.setClass(WorkspacePriceBook);
