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
  const own = put(template, newsletter, values);
  const content = fillTemplate(template, own ?? given);
  const isUnfit = own === undefined || fillViolations(template, content, now).length > 0;
  const isAboutThem = isUnfit && fillViolations(template, common, now).length === 0;
  return isAboutThem ? { refusal: valueUnfit() } : { content };
}

/** Undefined if a value has no place in an address. */
function put(
  { definition }: FillableTemplate,
  { content: given, slots }: Slotted,
  values: readonly string[],
): NewsletterContent | undefined {
  const valueOf = (part: NewsletterSlot['part'], index: number): string | undefined => {
    const at = slots.findIndex((slot) => slot.part === part && slot.index === index);
    return at < 0 ? undefined : values[at];
  };
  const inPart = (part: 'header' | 'body', parameters: NewsletterContent['body']) =>
    parameters.map((parameter, index) => ({ ...parameter, text: valueOf(part, index) ?? parameter.text }));
  const buttons: NewsletterContent['buttons'] = [];
  for (const [index, button] of given.buttons.entries()) {
    const own = valueOf('buttons', index);
    const isAddress = own !== undefined && definition?.buttons[button.index]?.kind === 'url';
    if (isAddress && UP.test(own)) return undefined;
    // It is one part of the address: nobody's name adds a parameter, a folder or a fragment to it.
    buttons.push({ ...button, value: isAddress ? encodeURIComponent(own.toWellFormed()) : (own ?? button.value) });
  }
  const { header, body } = given;
  return {
    ...given,
    ...(header && 'parameters' in header && { header: { parameters: inPart('header', header.parameters) } }),
    body: inPart('body', body),
    buttons,
  };
}

/** Browsers take these for a folder above, encoded or not. */
const UP = /^\.{1,2}$/;

function valueMissing(): DomainError {
  return new DomainError('VALUE_MISSING', 'Nothing is known of this person for a placeholder of the newsletter.');
}

function valueUnfit(): DomainError {
  return new DomainError('VALUE_UNFIT', 'What is known of this person for a placeholder does not fit the template.');
}
