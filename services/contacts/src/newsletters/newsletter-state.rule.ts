import type { NewsletterState } from '@fenster/contracts';
import { DomainError } from '@fenster/runtime';

/** What somebody wants of a newsletter. */
export const NEWSLETTER_COMMANDS = ['update', 'schedule', 'pause', 'resume', 'approve', 'cancel', 'delete'] as const;
export type NewsletterCommand = (typeof NEWSLETTER_COMMANDS)[number];

export interface NewsletterProgress {
  state: NewsletterState;
  /** When its recipients began to be written down; null before. */
  startedAt: Date | null;
  /** When all of them were. */
  preparedAt: Date | null;
}

const FROM: Readonly<Record<NewsletterCommand, readonly NewsletterState[]>> = {
  update: ['DRAFT', 'SCHEDULED'],
  schedule: ['DRAFT', 'SCHEDULED'],
  pause: ['SCHEDULED', 'PREPARING', 'RUNNING'],
  resume: ['PAUSED'],
  approve: ['PAUSED'],
  cancel: ['DRAFT', 'SCHEDULED', 'PREPARING', 'RUNNING', 'PAUSED'],
  delete: ['DRAFT'],
};

/** Also while it is paused, as long as it has not begun: its template may have to be another one. */
const BEFORE_IT_BEGINS: readonly NewsletterCommand[] = ['update', 'schedule'];

/** @throws DomainError NEWSLETTER_STATE */
export function nextState(
  { state, startedAt, preparedAt }: NewsletterProgress,
  command: NewsletterCommand,
): NewsletterState {
  const isMended = state === 'PAUSED' && startedAt === null && BEFORE_IT_BEGINS.includes(command);
  if (!isMended && !FROM[command].includes(state)) throw wrongState(state);
  switch (command) {
    case 'update':
    case 'delete':
      return state;
    case 'schedule':
      return 'SCHEDULED';
    case 'pause':
      return 'PAUSED';
    case 'cancel':
      return 'CANCELLED';
    case 'resume':
    case 'approve':
      // It goes on where it was.
      return preparedAt ? 'RUNNING' : startedAt ? 'PREPARING' : 'SCHEDULED';
  }
}

/**
 * Whether somebody may let a newsletter leave although a budget holds it: a person who neither made it nor decided what it
 * says, whom it goes to or when, of one that is paused because of that. Undefined if they may.
 */
export function checkApproval(
  newsletter: {
    state: NewsletterState;
    pausedBecause: string | null;
    createdByKind: string;
    createdById: string;
    editedByIds: readonly string[];
  },
  by: { kind: string; id: string },
): DomainError | undefined {
  if (by.kind !== 'member') {
    return new DomainError('BEYOND_API_KEY', 'Only a member can decide what leaves beyond a budget.');
  }
  const isMaker = newsletter.createdByKind === by.kind && newsletter.createdById === by.id;
  if (isMaker || newsletter.editedByIds.includes(by.id)) {
    const message = 'You made, changed or scheduled it: another member has to approve it.';
    return new DomainError('NOT_YOURS_TO_DECIDE', message, { field: 'id' });
  }
  return newsletter.pausedBecause === 'BUDGET_HELD' ? undefined : wrongState(newsletter.state);
}

function wrongState(state: NewsletterState): DomainError {
  return new DomainError('NEWSLETTER_STATE', `The newsletter is ${state}: that is not possible any more, or not yet.`, {
    details: { state },
  });
}
