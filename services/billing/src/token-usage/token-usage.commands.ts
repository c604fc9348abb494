import { acrossTenants, once, transact } from '@fenster/database';
import { checkText, DomainError, invalidInput, newId } from '@fenster/runtime';
import { insertEntries, OF_NOBODY } from '../charges/insert-entries.js';
import { transition, type Entry, type Standing } from '../charges/standing.js';
import type { BillingContext } from '../context.js';
import { checkMonth } from '../periods/check-month.js';
import { closedUntil, lockForClosing } from '../periods/lock-periods.js';
import { requirePerson } from '../price-books/price-book.commands.js';
import { dayAfter, firstDayAfter } from '../ratings/local-date.js';
import { checkCurrency } from '../reconciliations/reconciliation.commands.js';
import { TokenUsage } from './token-usage.entity.js';
import { tokenTarget } from './token-usage.rule.js';
import type { RecordTokenUsageInput } from './token-usage.types.js';

const MAX_NOTE = 500;
const DAY_MS = 86_400_000;

/**
 * Says how many tokens a month had. Said again, the former entry is taken back and what is right is entered.
 * @throws DomainError BEYOND_API_KEY, INVALID_INPUT, IDEMPOTENCY_CONFLICT, PERIOD_CLOSED, TOKEN_PRICE_MISSING
 */
export async function recordTokenUsage(
  ctx: BillingContext,
  { idempotencyKey: key, source, tokens, ...input }: RecordTokenUsageInput,
): Promise<TokenUsage> {
  const { workspaceId, id: recordedBy } = requirePerson(ctx);
  const month = checkMonth(input.month);
  const currency = checkCurrency(input.currency);
  const note = checkText(input.note, 'note', { max: MAX_NOTE });
  if (tokens < 0) throw invalidInput('tokens', 'must not be negative.');
  const localDate = dayAfter(firstDayAfter(month), -1);
  // Requests do not write in the ledger; every statement here names the workspace.
  return transact(acrossTenants(ctx), async (tx) => {
    // It begins first in the east.
    if (`${month}-01` > new Date(tx.now().getTime() + DAY_MS).toISOString().slice(0, 10)) {
      throw invalidInput('month', 'must have begun.');
    }
    const said = { month, currency, tokens, source, note };
    await once(tx, { key, operation: 'recordTokenUsage', input: said, workspaceId }, newId(), async (id) => {
      // Nobody else records or closes meanwhile.
      await lockForClosing(tx, workspaceId);
      const closed = await closedUntil(tx, workspaceId);
      if (closed !== undefined && localDate <= closed) {
        throw new DomainError('PERIOD_CLOSED', `Everything until ${closed} is closed. Record it in an open month.`);
      }
      const book = (await ctx.app.books.inForce(tx.sql, [workspaceId]))(workspaceId);
      const target = tokenTarget({ tokens, currency, localDate, source }, book);
      if (!target) {
        throw new DomainError(
          'TOKEN_PRICE_MISSING',
          `The price book in force has no price of tokens in ${currency} for ${month}. Import one that has a line of the model TOKENS.`,
        );
      }
      const known = await tx.em.findOne(TokenUsage, { workspaceId, month, currency });
      const { entries, standing } = transition(known?.standing ?? [], [target], { openFrom: undefined, newId });
      const version = (known?.version ?? 0) + 1;
      const message = { ...OF_NOBODY, workspace_id: workspaceId };
      await insertEntries(
        tx,
        entries.map((entry, position) => ({
          message,
          entry: entry.reverses === null ? entry : withTokens(entry, known?.tokens ?? 0),
          version,
          position,
        })),
      );
      const usage = { id, tokens, source, note, standing, version, recordedBy, recordedAt: tx.now() };
      if (known) Object.assign(known, usage);
      else tx.em.create(TokenUsage, { workspaceId, month, currency, ...usage });
      tx.audit({
        action: 'token_usage.record',
        workspaceId,
        object: { type: 'token_usage', id },
        ...(known && { before: { month, currency, source: known.source, count: known.tokens } }),
        after: { month, currency, source, count: tokens },
      });
      await tx.em.flush();
    });
    return tx.em.findOneOrFail(TokenUsage, { workspaceId, month, currency });
  });
}

/** What is taken back has as many tokens less. */
function withTokens(entry: Entry, tokens: number): Entry {
  return { ...entry, trace: [...entry.trace, { fact: 'tokens', value: tokens === 0 ? 0 : -tokens }] };
}

export function amountOf(standing: readonly Standing[]): number {
  return standing.reduce((sum, { amountMicros }) => sum + amountMicros, 0);
}
