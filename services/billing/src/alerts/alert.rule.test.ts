import { describe, expect, it } from 'vitest';
import { alertText } from './alert-text.js';
import {
  alertOfAllowance,
  alertOfBudget,
  alertOfConversation,
  alertOfTemplate,
  traceOf,
  unusualBeyond,
  type AlertFacts,
} from './alert.rule.js';

const NOW = new Date('2026-11-22T12:00:00Z');
const until = '2026-11-30T23:00:00.000Z';

describe('an alert', () => {
  describe('of a template', () => {
    const drift = {
      templateId: 't',
      name: 'order_update',
      language: 'de',
      from: 'UTILITY',
      to: 'MARKETING',
      phase: 'ANNOUNCED',
    } as const;

    it('is raised where another category may cost more, once for each thing that the provider tells', () => {
      expect(alertOfTemplate('e1', drift)).toMatchObject({ cause: 'e1', facts: { from: 'UTILITY', to: 'MARKETING' } });
      expect(alertOfTemplate('e2', { ...drift, phase: 'DONE' })?.cause).toBe('e2');
    });

    it('is not, where it was marketing before: nothing is dearer', () => {
      expect(alertOfTemplate('e1', { ...drift, from: 'MARKETING', to: 'UTILITY' })).toBeUndefined();
    });
  });

  describe('of a conversation', () => {
    const usual = { medianMicros: 200_000, conversations: 50, since: '2026-10-25T12:00:00.000Z' };
    const costing = (amountMicros: number) => ({ conversationId: 'c', currency: 'EUR', amountMicros });

    it('is raised beyond ten times the median', () => {
      expect(alertOfConversation(costing(2_000_000), usual)).toBeUndefined();
      const alert = alertOfConversation(costing(2_000_001), usual);
      expect(alert).toMatchObject({
        cause: 'c EUR',
        facts: { usualMicros: 200_000, times: 10, floorMicros: 1_000_000 },
      });
      expect(traceOf(alert!.facts)).toContainEqual({ fact: 'usualMicros', value: 200_000 });
    });

    it('is not below the floor, however little is usual', () => {
      expect(unusualBeyond({ ...usual, medianMicros: 1 })).toBe(1_000_000);
    });

    it('is not as long as nobody knows what is usual', () => {
      expect(alertOfConversation(costing(9_000_000), { ...usual, conversations: 49 })).toBeUndefined();
    });
  });

  describe('of an allowance', () => {
    const state = { channelId: 'n', month: '2026-11', until, size: 1_000, taken: 800, level: 'NEARLY' } as const;

    it('is raised at four fifths, and when nothing is left', () => {
      expect(alertOfAllowance(state, NOW)).toMatchObject({
        cause: 'n 2026-11',
        facts: { kind: 'ALLOWANCE_NEARLY_USED', taken: 800 },
      });
      expect(alertOfAllowance({ ...state, level: 'USED_UP' }, NOW)?.facts.kind).toBe('ALLOWANCE_USED_UP');
    });

    it('is not where much is left, where rules know none, and of a month that is over', () => {
      expect(alertOfAllowance({ ...state, level: 'PLENTY' }, NOW)).toBeUndefined();
      expect(alertOfAllowance({ ...state, size: 0, level: 'USED_UP' }, NOW)).toBeUndefined();
      expect(alertOfAllowance(state, new Date(until))).toBeUndefined();
    });
  });

  describe('of a budget', () => {
    const state = {
      budgetId: 'b',
      month: '2026-11',
      until,
      teamId: null,
      newsletterId: null,
      category: null,
      currency: 'EUR',
      limitMicros: 100,
      spentMicros: 80,
      warnedPercent: 80,
      enforcement: 'NONE',
    } as const;
    const before = { warnedPercent: null, enforcement: 'NONE' } as const;

    it('is raised at a share, and again at a share of another limit', () => {
      const first = alertOfBudget(state, before, NOW)!;
      expect(first.facts).toMatchObject({ kind: 'BUDGET_WARNING', percent: 80 });
      expect(alertOfBudget({ ...state, limitMicros: 50 }, before, NOW)?.cause).not.toBe(first.cause);
    });

    it('is one when it stops, and no warning beside it', () => {
      const stopped = { ...state, spentMicros: 100, warnedPercent: 100, enforcement: 'STOP' } as const;
      expect(alertOfBudget(stopped, before, NOW)?.facts.kind).toBe('BUDGET_STOPPED');
    });

    it('is not when it falls, when it stays, and of a month that is over', () => {
      const was = { warnedPercent: 100, enforcement: 'STOP' } as const;
      expect(alertOfBudget(state, was, NOW)).toBeUndefined();
      expect(alertOfBudget({ ...state, warnedPercent: null }, before, NOW)).toBeUndefined();
      expect(alertOfBudget(state, before, new Date(until))).toBeUndefined();
    });
  });
});

describe('the text of an alert', () => {
  const all: readonly AlertFacts[] = [
    {
      kind: 'TEMPLATE_CATEGORY_CHANGED',
      templateId: 't',
      template: 'order_update',
      language: 'de',
      from: 'UTILITY',
      to: 'MARKETING',
      phase: 'ANNOUNCED',
      effectiveAt: '2026-12-01T00:00:00.000Z',
    },
    {
      kind: 'UNUSUAL_CONVERSATION_COST',
      conversationId: 'c',
      currency: 'EUR',
      amountMicros: 2_500_000,
      usualMicros: 91_200,
      conversations: 812,
      since: '2026-10-25T12:00:00.000Z',
      times: 10,
      floorMicros: 1_000_000,
    },
    { kind: 'ALLOWANCE_NEARLY_USED', channelId: 'n', month: '2026-11', taken: 800, size: 1_000, until },
    { kind: 'ALLOWANCE_USED_UP', channelId: 'n', month: '2026-11', taken: 1_000, size: 1_000, until },
    {
      kind: 'BUDGET_STOPPED',
      budgetId: 'b',
      month: '2026-11',
      currency: 'EUR',
      spentMicros: 100_200_000,
      limitMicros: 100_000_000,
      percent: 100,
      until,
    },
    {
      kind: 'BUDGET_WARNING',
      budgetId: 'b',
      month: '2026-11',
      currency: 'EUR',
      spentMicros: 81_000_000,
      limitMicros: 100_000_000,
      percent: 80,
      until,
    },
  ];
  const names = { channel: 'Kundendienst', budget: 'Werbung' };

  it('says in German what there is, why, and what to do', () => {
    expect(all.map((facts) => alertText(facts, names, 'DE').body.replaceAll('\u00a0', ' '))).toMatchInlineSnapshot(`
      [
        "Vorlage order_update wird MARKETING

      WhatsApp verschiebt die Vorlage order_update (de) zum 1. Dezember 2026 von UTILITY nach MARKETING.

      Damit ändert sich, was sie kostet und welche Einwilligung sie braucht. Sie können WhatsApp um eine Prüfung bitten oder eine andere Vorlage verwenden.",
        "Ein Gespräch kostet 2,50 €

      Das Gespräch c kostet 2,50 €. Üblich sind 0,0912 €: der Median von 812 Gesprächen seit dem 25. Oktober 2026.

      Sie erfahren das, weil es mehr als das 10-Fache und mehr als 1,00 € ist. Warum, sagen seine Kosteneinträge.",
        "Freie Nachrichten von Kundendienst sind fast aufgebraucht

      Von den 1000 freien Nachrichten der Nummer Kundendienst im Monat 2026-11 sind 800 vergeben.

      Was darüber hinausgeht, kostet bis zum 30. November 2026.",
        "Freie Nachrichten von Kundendienst sind aufgebraucht

      Von den 1000 freien Nachrichten der Nummer Kundendienst im Monat 2026-11 sind 1000 vergeben.

      Bis zum 30. November 2026 kostet jede weitere.",
        "Budget Werbung hält Nachrichten auf

      Von 100,00 € für 2026-11 sind 100,20 € ausgegeben (100 %).

      Nachrichten, die darin zählen, werden bis zum 30. November 2026 abgelehnt, oder bis jemand es erhöht.",
        "Budget Werbung: 80 % sind ausgegeben

      Von 100,00 € für 2026-11 sind 81,00 € ausgegeben (81 %).

      Sie können es erhöhen oder im Kostenbericht sehen, wofür es ausgegeben wurde.",
      ]
    `);
  });

  it('says the same in English', () => {
    expect(all.map((facts) => alertText(facts, names, 'EN').body)).toMatchInlineSnapshot(`
      [
        "Template order_update will be MARKETING

      WhatsApp will put the template order_update (de) from UTILITY into MARKETING on 1 December 2026.

      What it costs, and which consent it needs, changes with that. You can ask WhatsApp for a review, or use another template.",
        "A conversation costs €2.50

      The conversation c costs €2.50. Usual are €0.0912: the median of 812 conversations since 25 October 2026.

      You are told because that is more than 10 times as much, and more than €1.00. Its charges say why.",
        "Free messages of Kundendienst are nearly used up

      Of the 1000 free messages of the number Kundendienst in 2026-11, 800 are taken.

      What is beyond them costs, until 30 November 2026.",
        "Free messages of Kundendienst are used up

      Of the 1000 free messages of the number Kundendienst in 2026-11, 1000 are taken.

      Until 30 November 2026 each further one costs.",
        "Budget Werbung stops messages

      Of €100.00 for 2026-11, €100.20 are spent (100 %).

      Messages that count in it are refused until 30 November 2026, or until somebody raises it.",
        "Budget Werbung: 80 % are spent

      Of €100.00 for 2026-11, €81.00 are spent (81 %).

      You can raise it, or see in the cost report what it is spent on.",
      ]
    `);
  });

  it('has an id where nobody knows a name', () => {
    const unnamed = { channel: null, budget: null };
    expect(alertText(all[2]!, unnamed, 'EN').subject).toBe('Free messages of n are nearly used up');
    expect(alertText(all[4]!, unnamed, 'DE').subject).toBe('Budget b hält Nachrichten auf');
  });
});
