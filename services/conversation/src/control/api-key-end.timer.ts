import type { TimerDefinition } from '../timers/timer.js';
import { API_KEY_END, endApiKeys } from './end-api-keys.js';

/** An API key has expired; identity says nothing of it, as its end was known. */
export const apiKeyEndTimer: TimerDefinition = {
  kind: API_KEY_END.kind,
  async handle(tx, due) {
    const ended = due.map(({ workspaceId, subjectId }) => ({ workspaceId, id: subjectId }));
    await endApiKeys(tx, ended, { reason: 'The API key expired.' });
  },
};
