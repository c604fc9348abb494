import type { CsvCell } from '@fenster/jobs';
import type { LedgerLine } from './ledger-line.js';

/** `day` is `YYYY-MM-DD`, `money` are millionths. */
export type ColumnKind = 'text' | 'count' | 'money' | 'day';

export interface Column<Row = LedgerLine> {
  /** For machines: it never changes, whatever the language. */
  name: string;
  kind: ColumnKind;
  of(row: Row): CsvCell;
}

export const COLUMN_SETS = ['LEDGER', 'FOCUS'] as const;
export type ColumnSet = (typeof COLUMN_SETS)[number];

/** What is told to those only who see it elsewhere. */
export interface Sights {
  withContacts: boolean;
  withTeams: boolean;
}

const text = (name: string, of: (line: LedgerLine) => string | null): Column => ({ name, kind: 'text', of });
const day = (name: string, of: (line: LedgerLine) => string): Column => ({ name, kind: 'day', of });
const count = (name: string, of: (line: LedgerLine) => number | null): Column => ({ name, kind: 'count', of });
const money = (name: string, of: (line: LedgerLine) => string): Column => ({
  name,
  kind: 'money',
  of: (line) => BigInt(of(line)),
});
/** As FOCUS writes times. */
const time = (at: Date) => `${at.toISOString().slice(0, 19)}Z`;

export function columnsOf(set: ColumnSet, sights: Sights): readonly Column[] {
  return set === 'LEDGER' ? ledgerColumns(sights) : focusColumns(sights);
}

function ledgerColumns({ withContacts, withTeams }: Sights): readonly Column[] {
  return [
    text('lineId', ({ id }) => id),
    day('bookedOn', ({ bookedOn }) => bookedOn),
    day('deliveredOn', ({ localDate }) => localDate),
    text('recordedAt', ({ recordedAt }) => recordedAt.toISOString()),
    text('state', ({ state }) => state),
    text('line', ({ line }) => line),
    text('category', ({ category }) => category),
    text('market', ({ market }) => market),
    text('type', ({ freeReason }) => freeReason),
    text('template', ({ template }) => template),
    text('newsletterId', ({ newsletterId }) => newsletterId),
    text('currency', ({ currency }) => currency),
    money('amount', ({ amountMicros }) => amountMicros),
    count('messages', ({ messages }) => messages),
    money('expectedAmount', ({ expectedMicros }) => expectedMicros),
    count('expectedMessages', ({ expectedMessages }) => expectedMessages),
    text('conversationId', ({ conversationId }) => conversationId),
    text('messageId', ({ messageId }) => messageId),
    ...(withContacts ? [text('contactId', ({ contactId }) => contactId)] : []),
    text('channelId', ({ channelId }) => channelId),
    text('memberId', ({ memberId }) => memberId),
    ...(withTeams ? [text('teamId', ({ teamId }) => teamId)] : []),
    text('reverses', ({ reverses }) => reverses),
    text('regime', ({ regime }) => regime),
    text('priceBookVersion', ({ priceBookVersion }) => priceBookVersion),
    count('rateLine', ({ rateLine }) => rateLine),
    text('trace', ({ trace }) => trace.map(({ fact, value }) => `${fact}=${value}`).join('; ')),
  ];
}

const isTax = ({ line }: LedgerLine) => line === 'TAX';
const amount = ({ amountMicros }: LedgerLine) => amountMicros;

/**
 * FOCUS 1.2 (FinOps Open Cost and Usage Specification): its mandatory columns, those of the others that we can fill, and
 * our own ones with `x_`. A volume tier is a price of the provider's list, so all costs are the billed one.
 */
function focusColumns({ withContacts, withTeams }: Sights): readonly Column[] {
  return [
    money('BilledCost', amount),
    text('BillingAccountId', ({ channelId }) => channelId),
    text('BillingAccountName', () => null),
    text('BillingAccountType', () => 'WhatsApp Business number'),
    text('BillingCurrency', ({ currency }) => currency),
    text('BillingPeriodEnd', ({ monthEnd }) => time(monthEnd)),
    text('BillingPeriodStart', ({ monthStart }) => time(monthStart)),
    text('ChargeCategory', (line) => (isTax(line) ? 'Tax' : 'Usage')),
    // Of an earlier billing period, which was closed when it became known.
    text('ChargeClass', ({ bookedOn, localDate }) =>
      bookedOn.slice(0, 7) === localDate.slice(0, 7) ? null : 'Correction',
    ),
    text('ChargeDescription', describe),
    text('ChargeFrequency', () => 'Usage-Based'),
    text('ChargePeriodEnd', ({ dayEnd }) => time(dayEnd)),
    text('ChargePeriodStart', ({ dayStart }) => time(dayStart)),
    count('ConsumedQuantity', quantityOf),
    text('ConsumedUnit', unitOf),
    money('ContractedCost', amount),
    money('EffectiveCost', amount),
    text('InvoiceIssuerName', issuerOf),
    money('ListCost', amount),
    text('PricingCategory', (line) => (isTax(line) ? null : 'Standard')),
    count('PricingQuantity', quantityOf),
    text('PricingUnit', unitOf),
    text('ProviderName', issuerOf),
    text('PublisherName', issuerOf),
    text('ResourceId', ({ conversationId }) => conversationId),
    text('ResourceType', () => 'Conversation'),
    text('ServiceCategory', () => 'Integration'),
    text('ServiceName', () => 'WhatsApp Business Platform'),
    text('ServiceSubcategory', () => 'Messaging'),
    text('SkuId', (line) => (isTax(line) ? null : skuOf(line))),
    text('x_Category', ({ category }) => category),
    ...(withContacts ? [text('x_ContactId', ({ contactId }) => contactId)] : []),
    text('x_FreeReason', ({ freeReason }) => freeReason),
    text('x_LineId', ({ id }) => id),
    text('x_Market', ({ market }) => market),
    text('x_MemberId', ({ memberId }) => memberId),
    text('x_MessageId', ({ messageId }) => messageId),
    text('x_NewsletterId', ({ newsletterId }) => newsletterId),
    text('x_State', ({ state }) => state),
    ...(withTeams ? [text('x_TeamId', ({ teamId }) => teamId)] : []),
    text('x_Template', ({ template }) => template),
  ];
}

function quantityOf(line: LedgerLine): number | null {
  if (isTax(line)) return null;
  if (line.line !== 'TOKENS') return line.messages;
  const tokens = line.trace.find(({ fact }) => fact === 'tokens')?.value;
  return typeof tokens === 'number' ? tokens : null;
}

function unitOf(line: LedgerLine): string | null {
  if (isTax(line)) return null;
  return line.line === 'TOKENS' ? 'Tokens' : 'Messages';
}

function issuerOf({ line }: LedgerLine): string {
  return line === 'PARTNER_FEE' ? 'Partner' : 'Meta';
}

const SKUS = { MESSAGE: 'message', PARTNER_FEE: 'fee', TAX: 'message', TOKENS: 'tokens' } as const;

function skuOf({ line, category, market }: LedgerLine): string {
  return [SKUS[line], category, market ?? 'any'].join('/');
}

function describe({ line, category, market, freeReason }: LedgerLine): string {
  const what = {
    MESSAGE: 'WhatsApp message',
    PARTNER_FEE: 'Fee of the partner',
    TAX: 'Tax',
    TOKENS: 'Tokens of the Business Agent',
  }[line];
  const why = freeReason === null ? '' : `, free: ${freeReason}`;
  return `${what}, ${category}${market === null ? '' : `, ${market}`}${why}`;
}
