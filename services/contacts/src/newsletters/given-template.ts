import { MAX_SLOTS, MAX_SLOT_VALUE, newsletterContent, type NewsletterContent } from '@fenster/contracts';
import { array, sql } from '@fenster/database';
import { invalidInput, isId, notFound } from '@fenster/runtime';
import type { ContactsContext } from '../context.js';
import { MAY_BE_PLACED } from './audience.js';
import type { NewsletterPlaceholderInput, NewsletterTemplateInput } from './newsletter.types.js';
import { fitValue, type Placeholder } from './placeholder.rule.js';

/** What is the same for everybody, and where it is not. */
export async function checkTemplate(
  ctx: ContactsContext,
  given: NewsletterTemplateInput,
): Promise<{ content: NewsletterContent; placeholders: Placeholder[] }> {
  const parts = {
    header: given.header ?? [],
    body: given.body ?? [],
    buttons: (given.buttons ?? []).map(({ value, placeholder }) => ({ text: value, placeholder })),
  };
  const slots = (['header', 'body', 'buttons'] as const).flatMap((part) =>
    parts[part].flatMap(({ text, placeholder }, index) => {
      if ((text == null) === (placeholder == null)) {
        const same = part === 'buttons' ? 'value' : 'text';
        throw invalidInput(`template.${part}.${index}`, `must have either ${same} or placeholder.`);
      }
      return placeholder ? [{ part, index, placeholder }] : [];
    }),
  );
  const checked = await checkPlaceholders(
    ctx,
    slots.map(({ placeholder }) => placeholder),
    'template.placeholder',
  );
  return {
    content: checkContent(given),
    placeholders: slots.map(({ part, index }, at) => ({ part, index, ...checked[at]! })),
  };
}

/** Stands in a slot without fallback where somebody looks whether the template fits; it is sent to nobody. */
const SAMPLE = '…';

function checkContent({ templateId, header, headerMedia, body, buttons }: NewsletterTemplateInput): NewsletterContent {
  if (!isId(templateId)) throw notFound('Template', 'template.templateId');
  if (header != null && headerMedia != null) {
    throw invalidInput('template.headerMedia', 'must not be given together with header.');
  }
  const shown = (placeholder: NewsletterPlaceholderInput | null | undefined) =>
    fitValue(placeholder?.fallback) ?? SAMPLE;
  const parametersOf = (given: NewsletterTemplateInput['body']) =>
    (given ?? []).map(({ name, text, placeholder }) => ({
      text: text ?? shown(placeholder),
      ...(name != null && { name }),
    }));
  const checked = newsletterContent.safeParse({
    templateId,
    ...(header != null && { header: { parameters: parametersOf(header) } }),
    ...(headerMedia != null && { header: { media: { mediaId: headerMedia.mediaId, mediaKind: headerMedia.kind } } }),
    body: parametersOf(body),
    buttons: (buttons ?? []).map(({ index, value, placeholder }) => ({ index, value: value ?? shown(placeholder) })),
  });
  if (checked.success) return checked.data;
  const path = checked.error.issues[0]!.path.map(String);
  throw invalidInput(['template', ...path].join('.'), 'must not be empty, and not longer than a template takes.');
}

export type GivenPlaceholder = Pick<Placeholder, 'attribute' | 'fallback'>;

/**
 * That there is such an attribute, and that it may leave. What belongs to another workspace is not there.
 * @throws DomainError INVALID_INPUT
 */
export async function checkPlaceholders(
  ctx: ContactsContext,
  given: readonly NewsletterPlaceholderInput[],
  field: string,
): Promise<GivenPlaceholder[]> {
  if (given.length > MAX_SLOTS) throw invalidInput(field, `must be at most ${MAX_SLOTS}.`);
  const checked = given.map(({ attribute, fallback }): GivenPlaceholder => {
    if (fallback != null && fitValue(fallback) === null) {
      throw invalidInput(field, `must have a fallback of 1 to ${MAX_SLOT_VALUE} characters, or none.`);
    }
    return { ...(attribute != null && { attribute }), ...(fallback != null && { fallback: fitValue(fallback)! }) };
  });
  const keys = [...new Set(checked.flatMap(({ attribute }) => attribute ?? []))];
  if (keys.length === 0) return checked;
  const { workspaceId } = ctx.requireActor();
  const known = await ctx.database.readForTenant(
    workspaceId,
    sql<{ key: string }>`
      select key from contact_attribute attribute
      where workspace_id = ${workspaceId} and key = any(${array('text', keys)}) and ${MAY_BE_PLACED}
    `,
  );
  const missing = keys.find((key) => !known.some((each) => each.key === key));
  if (missing === undefined) return checked;
  throw invalidInput(field, 'must be the key of an attribute that is neither archived nor SENSITIVE.');
}
