import type { NewsletterMessageProgressed, TemplateCategory } from '@fenster/contracts';
import { DomainError } from '@fenster/runtime';

type Outcome = Pick<NewsletterMessageProgressed, 'outcome' | 'reason' | 'message'>;

/** What only the person decides, or what is known of them. Whatever else keeps a message back would keep back all of them. */
const OF_THE_PERSON: readonly string[] = [
  'OPTED_OUT',
  'CONSENT_MISSING',
  'PHONE_NEEDED',
  'NO_ADDRESS',
  'ERASED',
  'VALUE_MISSING',
  'VALUE_UNFIT',
];

/**
 * What the refusals of the send gate mean for a message of a newsletter. About the person: it is refused, for good. About
 * anything else, also what a later gate makes up: it is held, and nobody loses their message because of it.
 */
export function outcomeOf(reasons: readonly DomainError[]): Outcome {
  const [first] = reasons;
  if (!first) return { outcome: 'QUEUED' };
  const personal = reasons.find(({ code }) => OF_THE_PERSON.includes(code));
  const { code: reason, message } = personal ?? first;
  return { outcome: personal ? 'REFUSED' : 'HELD', reason, message };
}

/** A newsletter is marketing, whatever its template was submitted as: the gate must ask for the consent to that. */
export function checkCategory(category: TemplateCategory): DomainError | undefined {
  if (category === 'MARKETING') return undefined;
  return new DomainError(
    'TEMPLATE_NOT_MARKETING',
    'A newsletter is marketing. Choose a template of the category MARKETING, for which the people have given consent.',
  );
}

export function nobodyThere(isErased: boolean): DomainError {
  return isErased
    ? new DomainError('ERASED', 'This person has been erased.')
    : new DomainError('NO_ADDRESS', 'This person cannot be reached on this channel any more.');
}
