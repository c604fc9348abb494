import { PERMISSIONS, type Actor } from '@fenster/auth';
import type { Database } from '@fenster/database';
import { createContext } from '@fenster/graphql';
import { createLogger, systemClock, type Clock } from '@fenster/runtime';
import { actorWith } from '../../../../test/support/actor.js';
import type { ConversationApp, ConversationContext } from '../context.js';

/** What a request of this member hands to commands; somebody who may do everything unless told otherwise. */
export function requestContext(
  database: Database,
  rights: Partial<Actor>,
  now: Clock = systemClock,
): ConversationContext {
  const actor = actorWith({ permissions: PERMISSIONS, ...rights });
  const app = {} as ConversationApp;
  return createContext({ app, database, now, log: createLogger('test', 'silent'), wakeRelay() {} }, actor, 'test');
}
