import { checkText, DomainError, invalidInput, isId } from '@fenster/runtime';
import type { Actor } from '@fenster/auth';
import { assigning, givingToTeam } from '../assignments/assignment.commands.js';
import { MAX_BODY_LENGTH } from '../canned-responses/canned-response.commands.js';
import { checkPlaceholders } from '../canned-responses/placeholders.rule.js';
import type { ConversationChange } from '../conversations/change-conversation.js';
import { labelling } from '../labels/conversation-label.commands.js';
import { reopening, resolving, settingPending, snoozing } from '../status/status.commands.js';
import type { MacroStep, MacroStepKind } from './macro-step.types.js';

export const MAX_STEPS = 20;
const MAX_MINUTES = 525_600;

const WHY = ['reason'] as const;
/** Which fields belong to which kind of step. */
const FIELDS: Readonly<Record<MacroStepKind, readonly (keyof MacroStep)[]>> = {
  RESOLVE: WHY,
  REOPEN: WHY,
  SET_PENDING: WHY,
  SNOOZE: [...WHY, 'untilNextMessage', 'hoursBeforeWindowCloses', 'minutes'],
  ASSIGN: [...WHY, 'memberId'],
  ASSIGN_TEAM: [...WHY, 'teamId'],
  LABEL: ['labelIds', 'unsetLabelIds'],
  NOTE: ['text'],
  REPLY: ['text', 'cannedResponseId'],
};

/** What a step says in words; the rest of the steps are changes by themselves. */
export type WordsStep = MacroStep & { kind: 'NOTE' | 'REPLY' };
export const hasWords = (step: MacroStep): step is WordsStep => step.kind === 'NOTE' || step.kind === 'REPLY';

/**
 * The change of a step without words, as its mutation makes it, for whoever runs the macro now.
 * @throws DomainError INVALID_INPUT, NOT_FOUND at once for what is malformed.
 */
export function changeOf(
  step: MacroStep,
  { actor, now }: { actor: Pick<Actor, 'id' | 'kind'>; now: Date },
): ConversationChange {
  const { kind, reason } = step;
  if (kind === 'RESOLVE') return resolving({ reason });
  if (kind === 'REOPEN') return reopening({ reason });
  if (kind === 'SET_PENDING') return settingPending({ reason });
  if (kind === 'SNOOZE') return snoozing({ ...snoozeOf(step, now), reason });
  if (kind === 'ASSIGN_TEAM') return givingToTeam({ teamId: step.teamId ?? null, reason });
  if (kind === 'LABEL') return labelling({ set: step.labelIds, unset: step.unsetLabelIds });
  if (kind === 'ASSIGN') {
    if (step.memberId == null && actor.kind !== 'member') {
      throw invalidInput('memberId', 'must name somebody where a program runs the macro.');
    }
    return assigning({ memberId: step.memberId ?? actor.id, reason });
  }
  throw new Error(`${kind} is a step with words.`);
}

function snoozeOf({ minutes, untilNextMessage, hoursBeforeWindowCloses }: MacroStep, now: Date) {
  if (minutes != null && (minutes < 1 || minutes > MAX_MINUTES)) {
    throw invalidInput('minutes', `must be between 1 and ${MAX_MINUTES}.`);
  }
  const until = minutes == null ? null : new Date(now.getTime() + minutes * 60_000);
  return {
    until,
    untilNextMessage: untilNextMessage ?? null,
    hoursBeforeWindowCloses: hoursBeforeWindowCloses ?? null,
  };
}

/**
 * Steps as they are stored. What can be known beforehand is refused beforehand.
 * @throws DomainError INVALID_INPUT naming the step: `steps.2.text`.
 */
export function checkSteps(steps: readonly MacroStep[]): MacroStep[] {
  if (steps.length === 0 || steps.length > MAX_STEPS) throw invalidInput('steps', `must be 1 to ${MAX_STEPS}.`);
  // Whoever runs it is a member, as far as is known; and time passes.
  const sample = { actor: { kind: 'member' as const, id: '00000000-0000-7000-8000-000000000000' }, now: new Date(0) };
  return steps.map((step, index) => {
    try {
      const given = Object.entries(step).filter(([, value]) => value != null) as [keyof MacroStep, unknown][];
      const alien = given.find(([field]) => field !== 'kind' && !FIELDS[step.kind].includes(field));
      if (alien) throw invalidInput(alien[0], `is no field of ${step.kind}.`);
      const stored = Object.fromEntries(given) as unknown as MacroStep;
      if (!hasWords(stored)) {
        changeOf(stored, sample);
        return stored;
      }
      return checkWords(stored);
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      throw invalidInput(`steps.${index}${error.field === undefined ? '' : `.${error.field}`}`, error.message);
    }
  });
}

function checkWords(step: WordsStep): MacroStep {
  const { text, cannedResponseId } = step;
  if (cannedResponseId != null) {
    if (text != null) throw invalidInput('text', 'must not be given with a canned response.');
    if (!isId(cannedResponseId)) throw invalidInput('cannedResponseId', 'must be an id.');
    return step;
  }
  const words = checkText(text ?? '', 'text', { max: MAX_BODY_LENGTH });
  checkPlaceholders(words, 'text');
  return { ...step, text: words };
}
