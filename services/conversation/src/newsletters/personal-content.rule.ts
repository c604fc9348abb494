import {
  type NewsletterContent,
  type NewsletterSlot,
  fillTemplate,
  fillViolations,
  type FillableTemplate,
  type TemplateContent,
} from '@fenster/contracts';
import { DomainError } from '@fenster/runtime';

export interface Slotted {
  content: NewsletterContent;
  slots: readonly NewsletterSlot[];
}

/**
 * What one recipient gets: the newsletter with their own words in its slots, and nobody else's. What the template itself
 * does not take is not about them: the send gate holds it.
 */
export function personalContent(
  template: FillableTemplate,
  newsletter: Slotted,
  { values, now }: { values: readonly string[]; now: Date },
): { content: TemplateContent } | { refusal: DomainError } {
  const { content: given, slots } = newsletter;
  if (values.length !== slots.length) return { refusal: valueMissing() };
  const common = fillTemplate(template, given);
  if (slots.length === 0) return { content: common };
  const content = fillTemplate(template, put(given, slots, values));
  const isAboutThem =
    fillViolations(template, content, now).length > 0 && fillViolations(template, common, now).length === 0;
  return isAboutThem ? { refusal: valueUnfit() } : { content };
}

function put(given: NewsletterContent, slots: readonly NewsletterSlot[], values: readonly string[]): NewsletterContent {
  const inPart = (part: NewsletterSlot['part'], parameters: NewsletterContent['body']) =>
    parameters.map((parameter, index) => {
      const at = slots.findIndex((slot) => slot.part === part && slot.index === index);
      return at < 0 ? parameter : { ...parameter, text: values[at]! };
    });
  const { header, body } = given;
  return {
    ...given,
    ...(header && 'parameters' in header && { header: { parameters: inPart('header', header.parameters) } }),
    body: inPart('body', body),
  };
}

function valueMissing(): DomainError {
  return new DomainError('VALUE_MISSING', 'Nothing is known of this person for a placeholder of the newsletter.');
}

function valueUnfit(): DomainError {
  return new DomainError('VALUE_UNFIT', 'What is known of this person for a placeholder does not fit the template.');
}
