import {
  carriesOptOutHint,
  fillTemplate,
  fillViolations,
  type FillableTemplate,
  type NewsletterContent,
  type TemplateStatus,
  type WordChoice,
} from '@fenster/contracts';
import { DomainError } from '@fenster/runtime';

/** A template as channels told it. */
export interface ToldTemplate extends FillableTemplate {
  accountId: string;
  status: TemplateStatus;
}

/** By the codes of the send gate. */
export type TemplateProblem =
  | 'TEMPLATE_NOT_USABLE'
  | 'TEMPLATE_NOT_MARKETING'
  | 'OPT_OUT_HINT_MISSING'
  | 'INVALID_INPUT';

/**
 * Why nobody could get this newsletter, as far as that is known before its first message; undefined if nothing is. The send
 * gate asks again for each message, by the same rules and as things are then. `words`: what the workspace has chosen of those that end marketing.
 */
export function templateProblem(
  template: ToldTemplate,
  {
    content,
    accountId,
    words,
    now,
  }: { content: NewsletterContent; accountId: string | null; words: readonly WordChoice[]; now: Date },
): DomainError | undefined {
  const { status, category, definition } = template;
  if (status !== 'APPROVED')
    return refused(
      'TEMPLATE_NOT_USABLE',
      `The template is ${status}. Choose another one, or wait until it is APPROVED.`,
    );
  if (accountId !== null && template.accountId !== accountId) {
    return refused(
      'TEMPLATE_NOT_USABLE',
      'The template belongs to another account than the channel. Choose another one.',
    );
  }
  if (category !== 'MARKETING') {
    return refused(
      'TEMPLATE_NOT_MARKETING',
      `A newsletter is marketing, and the template is ${category}. Choose one of the category MARKETING.`,
    );
  }
  if (!definition) return undefined;
  const [part] = definition.unknownParts;
  if (part !== undefined) {
    return refused(
      'TEMPLATE_NOT_USABLE',
      `The template has a part that Fenster cannot fill (${part}). Choose another one.`,
    );
  }
  if (!carriesOptOutHint(definition, words)) {
    return refused(
      'OPT_OUT_HINT_MISSING',
      'The template does not tell how to end marketing. Choose one that does, or add “Reply STOP to opt out” to its footer, or a button that says so, and submit it again.',
    );
  }
  const [violation] = fillViolations(template, fillTemplate(template, content), now);
  if (!violation) return undefined;
  return refused('INVALID_INPUT', `template.${violation.path.join('.')} ${violation.message}`);
}

function refused(reason: TemplateProblem, message: string): DomainError {
  return new DomainError('NEWSLETTER_TEMPLATE', message, { details: { reason } });
}
