import { DomainError, invalidInput } from '@fenster/runtime';
import { checkReason } from '../activities/reason.js';
import type { ConversationChange } from '../conversations/change-conversation.js';
import { changeStatus } from './change-status.js';
import type { Snooze } from './status.rule.js';
import type { SnoozeInput } from './status.types.js';

/** @throws DomainError INVALID_INPUT at once; then ALREADY_RESOLVED, STALE_THREAD. */
export function resolving(input: {
  reason?: string | null | undefined;
  expectedLastSeq?: number | null | undefined;
}): ConversationChange {
  const note = noteOf(input.reason);
  const { expectedLastSeq } = input;
  return async (tx, conversation, thread) => {
    if (expectedLastSeq != null && expectedLastSeq !== thread.lastSeq) {
      throw new DomainError('STALE_THREAD', 'Somebody wrote meanwhile. Read the new messages, then resolve it again.', {
        field: 'expectedLastSeq',
      });
    }
    await changeStatus(tx, conversation, thread, { kind: 'resolve' }, { note });
  };
}

/** @throws DomainError INVALID_INPUT at once; then ALREADY_OPEN, ANOTHER_CONVERSATION_OPEN. */
export function reopening(input: { reason?: string | null | undefined }): ConversationChange {
  const note = noteOf(input.reason);
  return async (tx, conversation, thread) => {
    await changeStatus(tx, conversation, thread, { kind: 'reopen' }, { note });
  };
}

/** @throws DomainError INVALID_INPUT at once; then ALREADY_PENDING, CONVERSATION_RESOLVED. */
export function settingPending(input: { reason?: string | null | undefined }): ConversationChange {
  const note = noteOf(input.reason);
  return async (tx, conversation, thread) => {
    await changeStatus(tx, conversation, thread, { kind: 'setPending' }, { note });
  };
}

/** @throws DomainError INVALID_INPUT, also later (a time that has passed); then CONVERSATION_RESOLVED, SERVICE_WINDOW_NOT_OPEN. */
export function snoozing(input: SnoozeInput & { reason?: string | null | undefined }): ConversationChange {
  const note = noteOf(input.reason);
  const snooze = snoozeOf(input);
  return async (tx, conversation, thread) => {
    await changeStatus(tx, conversation, thread, { kind: 'snooze', snooze }, { note });
  };
}

function snoozeOf({ until, untilNextMessage, hoursBeforeWindowCloses }: SnoozeInput): Snooze {
  const given: Snooze[] = [
    ...(until == null ? [] : [{ kind: 'UNTIL' as const, until }]),
    ...(untilNextMessage ? [{ kind: 'NEXT_MESSAGE' as const }] : []),
    ...(hoursBeforeWindowCloses == null
      ? []
      : [{ kind: 'BEFORE_WINDOW_CLOSES' as const, hours: hoursBeforeWindowCloses }]),
  ];
  const [snooze] = given;
  if (!snooze || given.length > 1) {
    throw invalidInput('until', 'Give one of until, untilNextMessage and hoursBeforeWindowCloses.');
  }
  return snooze;
}

function noteOf(reason: string | null | undefined): string | null {
  return reason == null ? null : checkReason(reason);
}
