import { asResult, Authorized, checkPageSize } from '@fenster/graphql';
import { invalidInput } from '@fenster/runtime';
import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import type { BillingContext } from '../context.js';
import { comparePriceBooks } from './compare-price-books.js';
import { activatePriceBook, discardPriceBook, importPriceBook } from './price-book.commands.js';
import { formatMicros, type Rate } from './price-book.js';
import {
  ActivatePriceBookResult,
  DiscardPriceBookResult,
  ImportPriceBookInput,
  ImportPriceBookResult,
  MemberReference,
  type PriceBookRate,
  PriceBookType,
  RateDifferencePage,
} from './price-book.types.js';
import { WorkspacePriceBook } from './workspace-price-book.entity.js';

const MAX_BOOKS = 200;

@Resolver(() => PriceBookType)
export class PriceBookResolver {
  @Authorized('cost:read', 'conversation:read_all')
  @Query(() => [PriceBookType], {
    description: `The latest ${MAX_BOOKS} price books that were imported, the latest first. As long as none is ACTIVE, the one that shipped when the workspace began is in force; a release with other prices brings a draft.`,
  })
  priceBooks(@Ctx() ctx: BillingContext): Promise<WorkspacePriceBook[]> {
    return ctx.em.find(WorkspacePriceBook, {}, { orderBy: { importedAt: 'desc', id: 'desc' }, limit: MAX_BOOKS });
  }

  @Authorized('cost:manage')
  @Mutation(() => ImportPriceBookResult, {
    description:
      'Imports prices as a draft. Look at its differences; then somebody else puts it in force. Refused as a whole for overlaps, gaps, unknown names and what is no rate.',
  })
  importPriceBook(@Ctx() ctx: BillingContext, @Arg('input', () => ImportPriceBookInput) input: ImportPriceBookInput) {
    return asResult(importPriceBook(ctx, input));
  }

  @Authorized('cost:manage')
  @Mutation(() => ActivatePriceBookResult, {
    description:
      'Puts a draft of somebody else, or of a release, in force. What had no rate is rated, and what has another one by it is corrected, except in closed periods.',
  })
  activatePriceBook(@Ctx() ctx: BillingContext, @Arg('id', () => ID) id: string) {
    return asResult(activatePriceBook(ctx, id));
  }

  @Authorized('cost:manage')
  @Mutation(() => DiscardPriceBookResult, { description: 'Whoever imported it can do so too.' })
  discardPriceBook(@Ctx() ctx: BillingContext, @Arg('id', () => ID) id: string) {
    return asResult(discardPriceBook(ctx, id));
  }

  @FieldResolver(() => MemberReference, { nullable: true, description: 'Null: it came with a release of Fenster.' })
  importedBy(@Root() { importedBy }: WorkspacePriceBook): MemberReference | null {
    return importedBy == null ? null : { id: importedBy };
  }

  @FieldResolver(() => MemberReference, { nullable: true })
  decidedBy(@Root() { decidedBy }: WorkspacePriceBook): MemberReference | null {
    return decidedBy == null ? null : { id: decidedBy };
  }

  @FieldResolver(() => RateDifferencePage, { description: 'From the book that it takes the place of.' })
  async differences(
    @Root() { version, basedOn }: WorkspacePriceBook,
    @Ctx() ctx: BillingContext,
    @Arg('first', () => Int, { defaultValue: 50, description: 'At most 100.' }) first: number,
    @Arg('after', () => String, { nullable: true }) after?: string | null,
  ): Promise<RateDifferencePage> {
    checkPageSize(first);
    const place = after == null ? '' : Buffer.from(after, 'base64url').toString();
    if (after != null && Buffer.from(place).toString('base64url') !== after) {
      throw invalidInput('after', 'is not a page that this API handed out.');
    }
    const db = ctx.database.system().getKysely();
    const [before, now] = await Promise.all([ctx.app.books.read(db, basedOn), ctx.app.books.read(db, version)]);
    const all = comparePriceBooks(before, now);
    const rest = all.filter(({ key }) => key > place);
    const nodes = rest.slice(0, first);
    const last = rest.length > first ? nodes.at(-1) : undefined;
    return {
      nodes: nodes.map(({ kind, before: from, after: to }) => {
        const { model, market, category, currency, effectiveFrom, volumeFrom, volumeTo } = (to ?? from)!;
        return {
          kind,
          model,
          market,
          category,
          currency,
          effectiveFrom,
          tier: volumeFrom === undefined ? null : `${volumeFrom}:${volumeTo ?? 'MAX'}`,
          before: shown(from),
          after: shown(to),
        };
      }),
      count: all.length,
      nextPage: last ? Buffer.from(last.key).toString('base64url') : null,
    };
  }
}

function shown(rate: Rate | undefined): PriceBookRate | null {
  if (!rate) return null;
  const { line, rateMicros, effectiveTo, confidence, source } = rate;
  return { line, rateMicros, decimal: formatMicros(rateMicros), effectiveTo: effectiveTo ?? null, confidence, source };
}
