import { moneyText, type QuoteLanguage } from '../quotes/quote-reason.js';
import type { AlertFacts } from './alert.rule.js';

/** What people call what an alert is about; null where nobody knows. */
export interface AlertNames {
  channel: string | null;
  budget: string | null;
}

export interface AlertText {
  subject: string;
  body: string;
}

/** For people, in a language of theirs: what there is, why, and what to do. */
export function alertText(facts: AlertFacts, names: AlertNames, language: QuoteLanguage): AlertText {
  const lines = language === 'DE' ? german(facts, names) : english(facts, names);
  return { subject: lines[0]!, body: lines.join('\n\n') };
}

function english(facts: AlertFacts, names: AlertNames): readonly string[] {
  const money = (micros: number) => moneyText(micros, 'currency' in facts ? facts.currency : '', 'EN');
  switch (facts.kind) {
    case 'TEMPLATE_CATEGORY_CHANGED': {
      const { template, language, from, to, phase, effectiveAt } = facts;
      const when = effectiveAt === null ? '' : ` on ${dayText(effectiveAt, 'EN')}`;
      return [
        `Template ${template} ${phase === 'DONE' ? 'is' : 'will be'} ${to}`,
        phase === 'DONE'
          ? `WhatsApp has put the template ${template} (${language}) from ${from} into ${to}${when}.`
          : `WhatsApp will put the template ${template} (${language}) from ${from} into ${to}${when}.`,
        'What it costs, and which consent it needs, changes with that. You can ask WhatsApp for a review, or use another template.',
      ];
    }
    case 'UNUSUAL_CONVERSATION_COST':
      return [
        `A conversation costs ${money(facts.amountMicros)}`,
        `The conversation ${facts.conversationId} costs ${money(facts.amountMicros)}. Usual are ${money(facts.usualMicros)}: the median of ${facts.conversations} conversations since ${dayText(facts.since, 'EN')}.`,
        `You are told because that is more than ${facts.times} times as much, and more than ${money(facts.floorMicros)}. Its charges say why.`,
      ];
    case 'ALLOWANCE_NEARLY_USED':
    case 'ALLOWANCE_USED_UP': {
      const isUsedUp = facts.kind === 'ALLOWANCE_USED_UP';
      const number = names.channel ?? facts.channelId;
      return [
        `Free messages of ${number} are ${isUsedUp ? 'used up' : 'nearly used up'}`,
        `Of the ${facts.size} free messages of the number ${number} in ${facts.month}, ${facts.taken} are taken.`,
        isUsedUp
          ? `Until ${dayText(facts.until, 'EN')} each further one costs.`
          : `What is beyond them costs, until ${dayText(facts.until, 'EN')}.`,
      ];
    }
    case 'BUDGET_WARNING':
    case 'BUDGET_STOPPED':
    case 'BUDGET_HOLDS': {
      const budget = names.budget ?? facts.budgetId;
      const subject = {
        BUDGET_WARNING: `Budget ${budget}: ${facts.percent} % are spent`,
        BUDGET_STOPPED: `Budget ${budget} stops messages`,
        BUDGET_HOLDS: `Budget ${budget}: messages wait for approval`,
      };
      const whatNow = {
        BUDGET_WARNING: 'You can raise it, or see in the cost report what it is spent on.',
        BUDGET_STOPPED: `Messages that count in it are refused until ${dayText(facts.until, 'EN')}, or until somebody raises it.`,
        BUDGET_HOLDS: `Until ${dayText(facts.until, 'EN')}, or until somebody raises it, messages that count in it leave only if somebody approves them.`,
      };
      return [
        subject[facts.kind],
        `Of ${money(facts.limitMicros)} for ${facts.month}, ${money(facts.spentMicros)} are spent (${spentPercent(facts)} %).`,
        whatNow[facts.kind],
      ];
    }
  }
}

function german(facts: AlertFacts, names: AlertNames): readonly string[] {
  const money = (micros: number) => moneyText(micros, 'currency' in facts ? facts.currency : '', 'DE');
  switch (facts.kind) {
    case 'TEMPLATE_CATEGORY_CHANGED': {
      const { template, language, from, to, phase, effectiveAt } = facts;
      const when = effectiveAt === null ? '' : ` zum ${dayText(effectiveAt, 'DE')}`;
      return [
        `Vorlage ${template} ${phase === 'DONE' ? 'ist jetzt' : 'wird'} ${to}`,
        phase === 'DONE'
          ? `WhatsApp hat die Vorlage ${template} (${language})${when} von ${from} nach ${to} verschoben.`
          : `WhatsApp verschiebt die Vorlage ${template} (${language})${when} von ${from} nach ${to}.`,
        'Damit ändert sich, was sie kostet und welche Einwilligung sie braucht. Sie können WhatsApp um eine Prüfung bitten oder eine andere Vorlage verwenden.',
      ];
    }
    case 'UNUSUAL_CONVERSATION_COST':
      return [
        `Ein Gespräch kostet ${money(facts.amountMicros)}`,
        `Das Gespräch ${facts.conversationId} kostet ${money(facts.amountMicros)}. Üblich sind ${money(facts.usualMicros)}: der Median von ${facts.conversations} Gesprächen seit dem ${dayText(facts.since, 'DE')}.`,
        `Sie erfahren das, weil es mehr als das ${facts.times}-Fache und mehr als ${money(facts.floorMicros)} ist. Warum, sagen seine Kosteneinträge.`,
      ];
    case 'ALLOWANCE_NEARLY_USED':
    case 'ALLOWANCE_USED_UP': {
      const isUsedUp = facts.kind === 'ALLOWANCE_USED_UP';
      const number = names.channel ?? facts.channelId;
      return [
        `Freie Nachrichten von ${number} sind ${isUsedUp ? 'aufgebraucht' : 'fast aufgebraucht'}`,
        `Von den ${facts.size} freien Nachrichten der Nummer ${number} im Monat ${facts.month} sind ${facts.taken} vergeben.`,
        isUsedUp
          ? `Bis zum ${dayText(facts.until, 'DE')} kostet jede weitere.`
          : `Was darüber hinausgeht, kostet bis zum ${dayText(facts.until, 'DE')}.`,
      ];
    }
    case 'BUDGET_WARNING':
    case 'BUDGET_STOPPED':
    case 'BUDGET_HOLDS': {
      const budget = names.budget ?? facts.budgetId;
      const subject = {
        BUDGET_WARNING: `Budget ${budget}: ${facts.percent} % sind ausgegeben`,
        BUDGET_STOPPED: `Budget ${budget} hält Nachrichten auf`,
        BUDGET_HOLDS: `Budget ${budget}: Nachrichten warten auf Freigabe`,
      };
      const whatNow = {
        BUDGET_WARNING: 'Sie können es erhöhen oder im Kostenbericht sehen, wofür es ausgegeben wurde.',
        BUDGET_STOPPED: `Nachrichten, die darin zählen, werden bis zum ${dayText(facts.until, 'DE')} abgelehnt, oder bis jemand es erhöht.`,
        BUDGET_HOLDS: `Bis zum ${dayText(facts.until, 'DE')}, oder bis jemand es erhöht, gehen Nachrichten, die darin zählen, nur mit einer Freigabe hinaus.`,
      };
      return [
        subject[facts.kind],
        `Von ${money(facts.limitMicros)} für ${facts.month} sind ${money(facts.spentMicros)} ausgegeben (${spentPercent(facts)} %).`,
        whatNow[facts.kind],
      ];
    }
  }
}

function spentPercent({ spentMicros, limitMicros }: { spentMicros: number; limitMicros: number }): number {
  return Math.floor((spentMicros * 100) / limitMicros);
}

function dayText(instant: string, language: QuoteLanguage): string {
  return new Intl.DateTimeFormat(language === 'DE' ? 'de-DE' : 'en-GB', {
    dateStyle: 'long',
    timeZone: 'UTC',
  }).format(new Date(instant));
}
