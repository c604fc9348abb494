import { LockMode } from '@mikro-orm/core';
import type { Actor } from '@fenster/auth';
import { once, transact, type Tx } from '@fenster/database';
import { checkText, DomainError, invalidInput, isId, newId, notFound } from '@fenster/runtime';
import type { BillingContext } from '../context.js';
import { lockForClosing } from '../periods/lock-periods.js';
import type { FileProblem } from './csv-lines.js';
import { parsePriceBook } from './price-book.js';
import type { ImportPriceBookInput } from './price-book.types.js';
import { WorkspacePriceBook } from './workspace-price-book.entity.js';

const MAX_CSV = 2_000_000;
const MAX_PROBLEMS = 200;

/** @throws DomainError BEYOND_API_KEY, INVALID_INPUT, IDEMPOTENCY_CONFLICT, PRICE_BOOK_INVALID with every line at fault */
export async function importPriceBook(ctx: BillingContext, input: ImportPriceBookInput): Promise<WorkspacePriceBook> {
  const { workspaceId, id: importedBy } = requirePerson(ctx);
  const note = checkText(input.note, 'note', { max: 500 });
  if (input.csv.length > MAX_CSV) throw invalidInput('csv', `must have at most ${MAX_CSV} characters.`);
  const parsed = parsePriceBook(input.csv);
  if (!parsed.ok) {
    throw fileProblems('PRICE_BOOK_INVALID', parsed.problems);
  }
  const { version, rates } = parsed.book;
  const { idempotencyKey: key, csv: content } = input;
  return transact(ctx, async (tx) => {
    const id = await once(
      tx,
      { key, operation: 'importPriceBook', input: { version, note } },
      newId(),
      async (created) => {
        tx.em.create(WorkspacePriceBook, {
          workspaceId,
          id: created,
          version,
          content,
          note,
          rateCount: rates.length,
          state: 'DRAFT',
          basedOn: await ctx.app.books.versionInForce(tx.sql, workspaceId),
          importedBy,
          importedAt: tx.now(),
          decidedBy: null,
          decidedAt: null,
          appliedAt: null,
        });
        const after = { version, rateCount: rates.length, state: 'DRAFT' };
        tx.audit({ action: 'price_book.import', object: { type: 'price_book', id: created }, after });
        await tx.em.flush();
      },
    );
    return tx.em.findOneOrFail(WorkspacePriceBook, { id });
  });
}

/**
 * Puts a price book in force, for everything that is rated from now on; what is in no closed period is rated again.
 * @throws DomainError NOT_FOUND, BEYOND_API_KEY, SECOND_PERSON_NEEDED, PRICE_BOOK_DECIDED, PRICE_BOOK_OUTDATED,
 * PRICE_BOOK_UNFINISHED
 */
export async function activatePriceBook(ctx: BillingContext, id: string): Promise<WorkspacePriceBook> {
  const { workspaceId, id: decidedBy } = requirePerson(ctx);
  return transact(ctx, async (tx) => {
    const book = await findDraft(tx, id);
    if (book.importedBy === decidedBy) {
      throw new DomainError('SECOND_PERSON_NEEDED', 'You imported this price book. Ask somebody else to check it.');
    }
    // In the order in which a book is applied: it, then the periods. After that nobody rates by the former one any more.
    await tx.em.findOne(WorkspacePriceBook, { state: 'ACTIVE' }, { lockMode: LockMode.PESSIMISTIC_WRITE });
    await lockForClosing(tx, workspaceId);
    // Once more: another one may have come in force meanwhile.
    const former = await tx.em.findOne(WorkspacePriceBook, { state: 'ACTIVE' }, { refresh: true });
    if ((await ctx.app.books.versionInForce(tx.sql, workspaceId)) !== book.basedOn) {
      throw new DomainError(
        'PRICE_BOOK_OUTDATED',
        'Another price book came in force since this one was imported. Import it again to see the differences.',
      );
    }
    if (former && former.appliedAt === null) {
      throw new DomainError(
        'PRICE_BOOK_UNFINISHED',
        'The price book in force is still being applied to what was delivered before. Try again later.',
      );
    }
    if (former) {
      former.state = 'REPLACED';
      // Before the other one: a workspace has one.
      await tx.em.flush();
    }
    Object.assign(book, { state: 'ACTIVE', decidedBy, decidedAt: tx.now() });
    auditState(tx, 'price_book.activate', book);
    tx.afterCommit(ctx.app.wakeRating);
    return book;
  });
}

/** @throws DomainError NOT_FOUND, PRICE_BOOK_DECIDED */
export async function discardPriceBook(ctx: BillingContext, id: string): Promise<WorkspacePriceBook> {
  const { id: decidedBy } = ctx.requireActor();
  return transact(ctx, async (tx) => {
    const book = await findDraft(tx, id);
    Object.assign(book, { state: 'DISCARDED', decidedBy, decidedAt: tx.now() });
    auditState(tx, 'price_book.discard', book);
    return book;
  });
}

/** A file that is refused as a whole. */
export function fileProblems(code: string, problems: readonly FileProblem[]): DomainError {
  return new DomainError(code, 'The file has mistakes. Nothing of it was taken.', {
    details: { problems: problems.slice(0, MAX_PROBLEMS), problemCount: problems.length },
  });
}

/** Nobody knows which person is behind a key: it could be both the first and the second one. */
export function requirePerson(ctx: BillingContext, what = 'import prices and invoices, and decide on them'): Actor {
  const actor = ctx.requireActor();
  if (actor.kind !== 'member') throw new DomainError('BEYOND_API_KEY', `Only a person can ${what}.`);
  return actor;
}

function auditState(tx: Tx, action: 'price_book.activate' | 'price_book.discard', book: WorkspacePriceBook): void {
  const { id, version, state } = book;
  tx.audit({
    action,
    object: { type: 'price_book', id },
    before: { version, state: 'DRAFT' },
    after: { version, state },
  });
}

/** Locked, so that two people do not decide at once. */
async function findDraft(tx: Tx, id: string): Promise<WorkspacePriceBook> {
  const book = isId(id)
    ? await tx.em.findOne(WorkspacePriceBook, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE })
    : null;
  if (!book) throw notFound('Price book');
  if (book.state !== 'DRAFT') {
    throw new DomainError('PRICE_BOOK_DECIDED', 'This price book was put in force or discarded already.');
  }
  return book;
}
