import { isOpen, type BusinessHours } from '../business-hours/business-hours.rule.js';

export const DEFAULT_AWAY_EVERY_HOURS = 12;
export const MAX_AWAY_EVERY_HOURS = 168;
const HOUR_MS = 3_600_000;

export interface AutoReplyFacts {
  greetingText: string | null;
  awayText: string | null;
  awayEveryHours: number;
  /** Null for a channel that is always open. */
  hours: BusinessHours | null;
  /** The customer's message is the first of a new conversation. */
  isFirst: boolean;
  wroteAt: Date;
  now: Date;
  lastAwayAt: Date | null;
}

/**
 * What Fenster answers by itself to a customer message, if anything. One message at most, because each may cost money:
 * who writes outside business hours is told so, and is not greeted as well.
 */
export function chooseAutoReply(facts: AutoReplyFacts): { automation: 'GREETING' | 'AWAY'; text: string } | null {
  const { greetingText, awayText, awayEveryHours, hours, isFirst, wroteAt, now, lastAwayAt } = facts;
  // Somebody may have come to work while this waited, or the customer may have written in the last moment.
  const isAway = hours !== null && !isOpen(hours, wroteAt) && !isOpen(hours, now);
  if (isAway && awayText !== null) {
    const isTold = lastAwayAt !== null && now.getTime() - lastAwayAt.getTime() < awayEveryHours * HOUR_MS;
    return isTold ? null : { automation: 'AWAY', text: awayText };
  }
  return isFirst && greetingText !== null ? { automation: 'GREETING', text: greetingText } : null;
}
