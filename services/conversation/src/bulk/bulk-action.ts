import { DomainError, invalidInput } from '@fenster/runtime';
import { assigning, givingToTeam } from '../assignments/assignment.commands.js';
import type { ConversationChange } from '../conversations/change-conversation.js';
import { labelling } from '../labels/conversation-label.commands.js';
import { addingParticipants, removingParticipants } from '../participants/participant.commands.js';
import { reopening, resolving, settingPending, snoozing } from '../status/status.commands.js';
import type { BulkAction } from './bulk.types.js';

/** Every action is the command of its mutation, so that no rule exists twice. */
const COMMANDS: { [K in keyof BulkAction]-?: (input: NonNullable<BulkAction[K]>) => ConversationChange } = {
  resolve: resolving,
  reopen: reopening,
  setPending: settingPending,
  snooze: snoozing,
  label: labelling,
  assign: ({ memberId = null, reason }) => assigning({ memberId, reason }),
  assignTeam: ({ teamId = null, reason }) => givingToTeam({ teamId, reason }),
  addParticipants: addingParticipants,
  removeParticipants: removingParticipants,
};

/** @throws DomainError INVALID_INPUT or NOT_FOUND, naming the field by its way through the input. */
export function changeOf(action: BulkAction): ConversationChange {
  const names = (Object.keys(COMMANDS) as (keyof BulkAction)[]).filter((name) => action[name] != null);
  const [name] = names;
  if (!name || names.length > 1) throw invalidInput('action', 'must be exactly one action.');
  const command = COMMANDS[name] as (input: unknown) => ConversationChange;
  const at = (error: unknown) => withPath(error, `action.${name}`);
  try {
    const change = command(action[name]);
    return async (tx, conversation, thread) => {
      try {
        await change(tx, conversation, thread);
      } catch (error) {
        throw at(error);
      }
    };
  } catch (error) {
    throw at(error);
  }
}

function withPath(error: unknown, path: string): unknown {
  if (!(error instanceof DomainError) || error.field === undefined) return error;
  const { code, message, field, details } = error;
  return new DomainError(code, message, { field: `${path}.${field}`, details });
}
