import type {
  ParameterFormat,
  TemplateButton,
  TemplateCategory,
  TemplateDefinition,
  TemplateHeader,
  TemplateWords,
} from '@fenster/contracts';
import { isObject, optionalText, type JsonObject } from '../json.js';

const MAX_WORDS = 4_096;
const MAX_TEXT = 2_000;
const MAX_UNKNOWN = 20;

const MEDIA_FORMATS = ['IMAGE', 'VIDEO', 'DOCUMENT'] as const;
const OTP_TYPES = ['COPY_CODE', 'ONE_TAP', 'ZERO_TAP'] as const;

/** What a template says, from its components as Meta tells them. Parts that nobody here knows are named, never lost. */
export function readComponents(value: unknown, category: TemplateCategory): TemplateDefinition {
  const unknownParts: string[] = [];
  const components = objectsOf(value);
  const one = (type: string) => components.find((component) => typeOf(component) === type);
  for (const component of components) {
    const type = typeOf(component);
    if (!KNOWN_COMPONENTS.has(type)) unknownParts.push(type);
  }
  const body = one('BODY') ?? {};
  const footer = one('FOOTER') ?? {};
  const header = readHeader(one('HEADER'), unknownParts);
  const footerText = optionalText(footer.text, MAX_TEXT);
  const carousel = one('CAROUSEL');
  const offer = one('LIMITED_TIME_OFFER');
  const minutes = Number(footer.code_expiration_minutes);
  return {
    ...(header && { header }),
    body: readBody(body, category),
    ...(footerText !== undefined && { footer: footerText }),
    buttons: readButtons(one('BUTTONS'), unknownParts, category),
    ...(carousel && { cards: objectsOf(carousel.cards).map((card) => readCard(card, unknownParts, category)) }),
    ...(offer && { limitedTimeOffer: readOffer(offer) }),
    ...(category === 'AUTHENTICATION' && {
      authentication: {
        addsSecurityAdvice: body.add_security_recommendation === true,
        ...(Number.isInteger(minutes) && minutes > 0 && { codeExpiresInMinutes: minutes }),
      },
    }),
    unknownParts: unknownParts.slice(0, MAX_UNKNOWN),
  };
}

const KNOWN_COMPONENTS = new Set(['HEADER', 'BODY', 'FOOTER', 'BUTTONS', 'CAROUSEL', 'LIMITED_TIME_OFFER']);

/** Meta writes the words of one-time passwords itself, and does not always tell them. */
function readBody(body: JsonObject, category: TemplateCategory): TemplateWords {
  const words = readWords(body, 'body_text');
  return words.text === '' && category === 'AUTHENTICATION' ? { text: '{{1}}', examples: [] } : words;
}

function readWords(component: JsonObject, exampleKey: 'body_text' | 'header_text'): TemplateWords {
  const example = isObject(component.example) ? component.example : {};
  const named = objectsOf(example[`${exampleKey}_named_params`]).map(({ param_name: name, example: value }) => ({
    name,
    value,
  }));
  const given = listOf(example[exampleKey]);
  // One list for each set of examples; of headers there is one set.
  const positional = Array.isArray(given[0]) ? given[0] : given;
  const all = named.length > 0 ? named : positional.map((value, index) => ({ name: String(index + 1), value }));
  return {
    text: optionalText(component.text, MAX_WORDS) ?? '',
    examples: all.flatMap(({ name, value }) => {
      const [known, shown] = [optionalText(name, MAX_TEXT), optionalText(value, MAX_TEXT)];
      return known !== undefined && shown !== undefined ? [{ name: known, value: shown }] : [];
    }),
  };
}

function readHeader(header: JsonObject | undefined, unknownParts: string[]): TemplateHeader | undefined {
  if (!header) return undefined;
  const format = header.format === undefined ? 'TEXT' : upper(header.format);
  const mediaKind = MEDIA_FORMATS.find((kind) => kind === format);
  if (mediaKind) return { kind: 'media', mediaKind };
  if (format === 'TEXT') return { kind: 'text', ...readWords(header, 'header_text') };
  if (format === 'LOCATION') return { kind: 'location' };
  unknownParts.push(`HEADER ${format}`);
  return undefined;
}

function readCard(
  card: JsonObject,
  unknownParts: string[],
  category: TemplateCategory,
): NonNullable<TemplateDefinition['cards']>[number] {
  const components = objectsOf(card.components);
  const one = (type: string) => components.find((component) => typeOf(component) === type);
  const header = readHeader(one('HEADER'), unknownParts);
  const body = one('BODY');
  return {
    ...(header && { header }),
    ...(body && { body: readWords(body, 'body_text') }),
    buttons: readButtons(one('BUTTONS'), unknownParts, category),
  };
}

function readOffer({ limited_time_offer: offer }: JsonObject): NonNullable<TemplateDefinition['limitedTimeOffer']> {
  const { text, has_expiration: hasExpiration } = isObject(offer) ? offer : {};
  return { text: optionalText(text, MAX_TEXT) ?? '', hasExpiration: hasExpiration === true };
}

function readButtons(
  component: JsonObject | undefined,
  unknownParts: string[],
  category: TemplateCategory,
): TemplateButton[] {
  return objectsOf(component?.buttons).map((button) => {
    const read = readButton(button, category);
    if (read) return read;
    unknownParts.push(`BUTTON ${typeOf(button)}`);
    // Keeps the places of the others.
    return { kind: 'call', text: optionalText(button.text, MAX_TEXT) ?? typeOf(button) };
  });
}

/** Meta shows the button of a one-time password also as what it is made of: an address of its own. */
const OTP_ADDRESS = /^https:\/\/www\.whatsapp\.com\/otp\//;

function readButton(button: JsonObject, category: TemplateCategory): TemplateButton | undefined {
  const text = optionalText(button.text, MAX_TEXT);
  const label = text ?? '';
  switch (typeOf(button)) {
    case 'QUICK_REPLY':
      return { kind: 'quickReply', text: label };
    case 'URL': {
      const url = optionalText(button.url, MAX_TEXT) ?? '';
      if (category === 'AUTHENTICATION' && OTP_ADDRESS.test(url)) {
        return readOtp({ ...button, otp_type: new URL(url).searchParams.get('otp_type') });
      }
      const example = optionalText(listOf(button.example)[0] ?? button.example, MAX_TEXT);
      return { kind: 'url', text: label, url, ...(example !== undefined && { example }) };
    }
    case 'PHONE_NUMBER':
      return { kind: 'phone', text: label, phone: optionalText(button.phone_number, MAX_TEXT) ?? '' };
    case 'COPY_CODE': {
      const example = optionalText(listOf(button.example)[0] ?? button.example, MAX_TEXT);
      return { kind: 'copyCode', ...(text !== undefined && { text }), ...(example !== undefined && { example }) };
    }
    case 'OTP':
      return readOtp(button);
    case 'FLOW': {
      const [flowId, screen] = [optionalText(button.flow_id, 64), optionalText(button.navigate_screen, 200)];
      return {
        kind: 'flow',
        text: label,
        ...(flowId !== undefined && { flowId }),
        ...(screen !== undefined && { screen }),
      };
    }
    case 'CATALOG':
      return { kind: 'catalog', text: label };
    case 'VOICE_CALL':
      return { kind: 'call', text: label };
    case 'REQUEST_CONTACT_INFO':
      return { kind: 'contactInfo', ...(text !== undefined && { text }) };
    default:
      return undefined;
  }
}

function readOtp(button: JsonObject): TemplateButton {
  const text = optionalText(button.text, MAX_TEXT);
  const autofillText = optionalText(button.autofill_text, MAX_TEXT);
  const apps = objectsOf(button.supported_apps).flatMap(({ package_name: name, signature_hash: hash }) => {
    const [packageName, signatureHash] = [optionalText(name, 250), optionalText(hash, 100)];
    return packageName !== undefined && signatureHash !== undefined ? [{ packageName, signatureHash }] : [];
  });
  return {
    kind: 'otp',
    ...(text !== undefined && { text }),
    otpType: OTP_TYPES.find((type) => type === upper(button.otp_type)) ?? 'COPY_CODE',
    ...(autofillText !== undefined && { autofillText }),
    ...(apps.length > 0 && { apps }),
  };
}

/** The same as Meta wants it submitted. `handles` are of the example files, in the order in which they appear. */
export function writeComponents(
  { header, body, footer, buttons, cards, limitedTimeOffer, authentication }: TemplateDefinition,
  format: ParameterFormat,
  handles: readonly string[],
): JsonObject[] {
  const left = [...handles];
  const minutes = authentication?.codeExpiresInMinutes;
  return [
    ...(header ? [writeHeader(header, format, left)] : []),
    authentication
      ? { type: 'BODY', add_security_recommendation: authentication.addsSecurityAdvice }
      : { type: 'BODY', ...writeWords(body, 'body_text', format) },
    ...(authentication
      ? minutes === undefined
        ? []
        : [{ type: 'FOOTER', code_expiration_minutes: minutes }]
      : footer === undefined
        ? []
        : [{ type: 'FOOTER', text: footer }]),
    ...(limitedTimeOffer
      ? [
          {
            type: 'LIMITED_TIME_OFFER',
            limited_time_offer: { text: limitedTimeOffer.text, has_expiration: limitedTimeOffer.hasExpiration },
          },
        ]
      : []),
    ...writeButtons(buttons),
    ...(cards
      ? [
          {
            type: 'CAROUSEL',
            cards: cards.map((card) => ({
              components: [
                ...(card.header ? [writeHeader(card.header, format, left)] : []),
                ...(card.body ? [{ type: 'BODY', ...writeWords(card.body, 'body_text', format) }] : []),
                ...writeButtons(card.buttons),
              ],
            })),
          },
        ]
      : []),
  ];
}

function writeHeader(header: TemplateHeader, format: ParameterFormat, handles: string[]): JsonObject {
  if (header.kind === 'text') return { type: 'HEADER', format: 'TEXT', ...writeWords(header, 'header_text', format) };
  if (header.kind === 'location') return { type: 'HEADER', format: 'LOCATION' };
  const handle = handles.shift();
  return {
    type: 'HEADER',
    format: header.mediaKind,
    ...(handle !== undefined && { example: { header_handle: [handle] } }),
  };
}

function writeWords(
  { text, examples }: TemplateWords,
  key: 'body_text' | 'header_text',
  format: ParameterFormat,
): JsonObject {
  if (examples.length === 0) return { text };
  if (format === 'NAMED') {
    const named = examples.map(({ name, value }) => ({ param_name: name, example: value }));
    return { text, example: { [`${key}_named_params`]: named } };
  }
  const values = examples.map(({ value }) => value);
  return { text, example: { [key]: key === 'body_text' ? [values] : values } };
}

function writeButtons(buttons: readonly TemplateButton[]): JsonObject[] {
  return buttons.length === 0 ? [] : [{ type: 'BUTTONS', buttons: buttons.map(writeButton) }];
}

function writeButton(button: TemplateButton): JsonObject {
  const text = button.text === undefined ? {} : { text: button.text };
  switch (button.kind) {
    case 'quickReply':
      return { type: 'QUICK_REPLY', ...text };
    case 'url': {
      const { url, example } = button;
      return { type: 'URL', ...text, url, ...(example !== undefined && { example: [example] }) };
    }
    case 'phone':
      return { type: 'PHONE_NUMBER', ...text, phone_number: button.phone };
    case 'copyCode':
      return { type: 'COPY_CODE', example: button.example };
    case 'otp': {
      const { otpType, autofillText, apps } = button;
      return {
        type: 'OTP',
        otp_type: otpType,
        ...text,
        ...(autofillText !== undefined && { autofill_text: autofillText }),
        ...(otpType === 'ZERO_TAP' && { zero_tap_terms_accepted: true }),
        ...(apps && {
          supported_apps: apps.map(({ packageName, signatureHash }) => ({
            package_name: packageName,
            signature_hash: signatureHash,
          })),
        }),
      };
    }
    case 'flow': {
      const { flowId, screen } = button;
      return {
        type: 'FLOW',
        ...text,
        ...(flowId !== undefined && { flow_id: flowId }),
        flow_action: screen === undefined ? 'data_exchange' : 'navigate',
        ...(screen !== undefined && { navigate_screen: screen }),
      };
    }
    case 'catalog':
      return { type: 'CATALOG', ...text };
    case 'call':
      return { type: 'VOICE_CALL', ...text };
    case 'contactInfo':
      return { type: 'REQUEST_CONTACT_INFO' };
  }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function objectsOf(value: unknown): readonly JsonObject[] {
  return listOf(value).filter(isObject);
}

/** Types are told in capitals and may be sent in any case. */
function upper(value: unknown): string {
  return typeof value === 'string' ? value.toUpperCase().slice(0, 60) : '';
}
const typeOf = ({ type }: JsonObject) => upper(type);
