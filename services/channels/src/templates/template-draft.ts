import type {
  ParameterFormat,
  TemplateButton,
  TemplateDefinition,
  TemplateHeader,
  TemplateWords,
} from '@fenster/contracts';
import { templateLanguage } from '@fenster/contracts';
import { invalidInput } from '@fenster/runtime';
import { templateViolations, type SubmittedCategory, type SubmittedTemplate } from './template-definition.rule.js';
import type {
  CreateTemplateInput,
  TemplateButtonDraftInput,
  TemplateFileDraftInput,
  TemplateHeaderDraftInput,
  TemplateWordsDraftInput,
} from './template.types.js';

/** Whether the files that it shows go with it is for whoever has them. */
export interface Draft {
  template: SubmittedTemplate;
  /** In the order in which they appear, and what refusals call them. */
  examples: { field: string; mediaId: string; mediaKind: TemplateFileDraftInput['mediaKind'] }[];
}

type DraftInput = Omit<CreateTemplateInput, 'channelId' | 'name' | 'language' | 'category' | 'parameterFormat'>;

/** What is to be submitted. @throws DomainError INVALID_INPUT naming the first field that breaks a limit */
export function readDraft(
  input: DraftInput,
  about: { name: string; language: string; category: SubmittedCategory; parameterFormat: ParameterFormat },
): Draft {
  const definition = definitionOf(input, about.category);
  const template = {
    ...about,
    language: templateLanguage(about.language),
    definition,
    ...(input.timeToLiveSeconds != null && { timeToLiveSeconds: input.timeToLiveSeconds }),
  };
  const [violation] = templateViolations(template);
  if (violation) throw invalidInput(violation.field, violation.message);
  // Whose words these are, the provider writes: around the code.
  if (about.category === 'AUTHENTICATION') definition.body = { text: '{{1}}', examples: [] };
  const exampleOf = (field: string, file: TemplateFileDraftInput | null | undefined) =>
    file ? [{ field: `${field}.exampleMediaId`, mediaId: file.exampleMediaId, mediaKind: file.mediaKind }] : [];
  return {
    template,
    examples: [
      ...exampleOf('header.media', input.header?.media),
      ...(input.cards ?? []).flatMap(({ media }, index) => exampleOf(`cards.${index}.media`, media)),
    ],
  };
}

function definitionOf(input: DraftInput, category: SubmittedCategory): TemplateDefinition {
  const { header, body, footer, buttons, cards, limitedTimeOffer, authentication } = input;
  const read = header ? readHeader(header) : undefined;
  const minutes = authentication?.codeExpiresInMinutes;
  if (!body && category !== 'AUTHENTICATION') throw invalidInput('body', 'must be given.');
  return {
    ...(read && { header: read }),
    body: body ? readWords(body) : { text: '', examples: [] },
    ...(footer != null && { footer }),
    buttons: (buttons ?? []).map(readButton),
    ...(cards && {
      cards: cards.map(({ media, body: words, buttons: own }) => ({
        header: { kind: 'media' as const, mediaKind: media.mediaKind },
        ...(words && { body: readWords(words) }),
        buttons: own.map(readButton),
      })),
    }),
    ...(limitedTimeOffer && { limitedTimeOffer: { ...limitedTimeOffer } }),
    ...((authentication || category === 'AUTHENTICATION') && {
      authentication: {
        addsSecurityAdvice: authentication?.addsSecurityAdvice ?? false,
        ...(minutes != null && { codeExpiresInMinutes: minutes }),
      },
    }),
    unknownParts: [],
  };
}

function readHeader({ text, media, isLocation }: TemplateHeaderDraftInput): TemplateHeader {
  const given = [text && 'text', media && 'media', isLocation && 'isLocation'].filter(Boolean);
  if (given.length !== 1) throw invalidInput('header', 'must be exactly one of text, media and isLocation.');
  if (text) return { kind: 'text', ...readWords(text) };
  return media ? { kind: 'media', mediaKind: media.mediaKind } : { kind: 'location' };
}

function readWords({ text, examples }: TemplateWordsDraftInput): TemplateWords {
  const named = (examples ?? []).map(({ name, value }, index) => ({ name: name ?? String(index + 1), value }));
  return { text, examples: named };
}

function readButton(button: TemplateButtonDraftInput): TemplateButton {
  const text = button.text ?? '';
  const some = <K extends string>(key: K, value: string | null | undefined) =>
    (value == null ? {} : { [key]: value }) as { [P in K]?: string };
  switch (button.kind) {
    case 'QUICK_REPLY':
      return { kind: 'quickReply', text };
    case 'URL':
      return { kind: 'url', text, url: button.url ?? '', ...some('example', button.example) };
    case 'PHONE':
      return { kind: 'phone', text, phone: button.phone ?? '' };
    case 'COPY_CODE':
      return { kind: 'copyCode', ...some('example', button.example) };
    case 'OTP': {
      const { otpType, autofillText, apps } = button;
      return {
        kind: 'otp',
        ...some('text', button.text),
        otpType: otpType ?? 'COPY_CODE',
        ...some('autofillText', autofillText),
        ...(apps && { apps: apps.map(({ packageName, signatureHash }) => ({ packageName, signatureHash })) }),
      };
    }
    case 'FLOW':
      return { kind: 'flow', text, ...some('flowId', button.flowId), ...some('screen', button.screen) };
    case 'CATALOG':
      return { kind: 'catalog', text };
    case 'CALL':
      return { kind: 'call', text };
    case 'CONTACT_INFO':
      return { kind: 'contactInfo' };
  }
}
