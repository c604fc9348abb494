import type { LiveLog } from '@fenster/database';
import { abilitiesBy, type GraphQLContext } from '@fenster/graphql';
import type { ReadMarks } from './read-cursors/read-marks.js';
import { defineRules } from './ability.js';
import type { CustomerTypingIndicator } from './presence/customer-typing.js';
import type { Presence } from './presence/presence.js';

export interface ConversationApp {
  liveLog: LiveLog;
  presence: Presence;
  customerTyping: CustomerTypingIndicator;
  readMarks: ReadMarks;
}

export type ConversationContext = GraphQLContext<ConversationApp>;

export const abilityOf = abilitiesBy(defineRules);
