import {
  templateLanguage,
  type ParameterFormat,
  type TemplateButton,
  type TemplateCategory,
  type TemplateDefinition,
  type TemplateHeader,
  type TemplateWords,
} from '@fenster/contracts';

/**
 * What WhatsApp takes for review (whatsapp.md §B3 and Meta's pages of each component), in characters as people count
 * them or in things.
 */
export const TEMPLATE_LIMITS = {
  name: 512,
  header: 60,
  body: 1_024,
  footer: 60,
  buttons: 10,
  buttonText: 25,
  urlButtons: 2,
  url: 2_000,
  phone: 20,
  code: 15,
  example: 1_024,
  minCards: 2,
  maxCards: 10,
  cardBody: 160,
  cardButtons: 2,
  offerText: 16,
  offerBody: 600,
  codeExpiresInMinutes: 90,
  apps: 5,
} as const;

/** In seconds: how long WhatsApp tries to deliver one. */
export const TIME_TO_LIVE = {
  AUTHENTICATION: [30, 900],
  UTILITY: [30, 43_200],
  MARKETING: [43_200, 2_592_000],
} as const satisfies Record<Exclude<TemplateCategory, 'OTHER'>, readonly [from: number, to: number]>;

export type SubmittedCategory = keyof typeof TIME_TO_LIVE;

/** A template that somebody wants reviewed. */
export interface SubmittedTemplate {
  name: string;
  language: string;
  category: SubmittedCategory;
  parameterFormat: ParameterFormat;
  definition: TemplateDefinition;
  timeToLiveSeconds?: number | undefined;
}

/** One broken limit: the field, as the API calls it, and what would do. */
export interface TemplateViolation {
  field: string;
  message: string;
}

const VARIABLE = /\{\{\s*([^{}]*?)\s*\}\}/g;

/** What is in `{{ }}`, each once, in the order of the text. */
export function variablesOf(text: string): string[] {
  return [...new Set(Array.from(text.matchAll(VARIABLE), (match) => match[1]!))];
}

/** Every limit that the template breaks, in the order of its fields; none if it may be submitted. */
export function templateViolations(template: SubmittedTemplate): TemplateViolation[] {
  const { name, language, category, definition, timeToLiveSeconds } = template;
  const check = new Check(template.parameterFormat);
  if (!/^[a-z0-9_]+$/.test(name)) check.refuse('name', 'must have lower-case letters, digits and underscores only.');
  else check.most('name', name, TEMPLATE_LIMITS.name);
  if (!/^[a-z]{2,3}(_[A-Z0-9]{2,4})?$/.test(templateLanguage(language))) {
    check.refuse('language', 'must be a language such as de or en_US.');
  }
  if (category === 'AUTHENTICATION') checkAuthentication(check, definition);
  else if (definition.cards) checkCarousel(check, definition);
  else checkPlain(check, definition, category);
  if (timeToLiveSeconds !== undefined) {
    const [from, to] = TIME_TO_LIVE[category];
    if (timeToLiveSeconds < from || timeToLiveSeconds > to) {
      check.refuse('timeToLiveSeconds', `must be between ${from} and ${to} for ${category}.`);
    }
  }
  return check.violations;
}

function checkPlain(check: Check, definition: TemplateDefinition, category: SubmittedCategory): void {
  const { header, body, footer, buttons, limitedTimeOffer: offer, authentication } = definition;
  if (authentication) check.refuse('authentication', 'must be given for AUTHENTICATION only.');
  if (header) check.header('header', header);
  check.words('body', body, offer ? TEMPLATE_LIMITS.offerBody : TEMPLATE_LIMITS.body);
  if (footer !== undefined) check.fixed('footer', footer, TEMPLATE_LIMITS.footer);
  check.buttons('buttons', buttons, TEMPLATE_LIMITS.buttons);
  if (!offer) return;
  const field = 'limitedTimeOffer';
  if (category !== 'MARKETING') check.refuse(field, 'must be given for MARKETING only.');
  check.fixed(`${field}.text`, offer.text, TEMPLATE_LIMITS.offerText);
  if (footer !== undefined) check.refuse('footer', 'must not be given with a limited-time offer.');
  if (header && (header.kind !== 'media' || header.mediaKind === 'DOCUMENT')) {
    check.refuse('header', 'must be an image or a video with a limited-time offer.');
  }
}

function checkCarousel(check: Check, definition: TemplateDefinition): void {
  const { header, body, footer, buttons, cards = [], limitedTimeOffer, authentication } = definition;
  const others = { header, footer, limitedTimeOffer, authentication, buttons: buttons[0] };
  for (const [field, given] of Object.entries(others)) {
    if (given !== undefined) check.refuse(field, 'must not be given with cards.');
  }
  check.words('body', body, TEMPLATE_LIMITS.body);
  const { minCards, maxCards } = TEMPLATE_LIMITS;
  if (cards.length < minCards || cards.length > maxCards) check.refuse('cards', `must be ${minCards} to ${maxCards}.`);
  const [first] = cards;
  cards.forEach((card, index) => {
    const field = `cards.${index}`;
    const kind = card.header?.kind === 'media' ? card.header.mediaKind : undefined;
    if (kind !== 'IMAGE' && kind !== 'VIDEO') check.refuse(`${field}.header`, 'must be an image or a video.');
    else if (first && JSON.stringify(shapeOf(card)) !== JSON.stringify(shapeOf(first))) {
      check.refuse(field, 'must have the same parts as the first card.');
    }
    if (card.body) check.words(`${field}.body`, card.body, TEMPLATE_LIMITS.cardBody);
    if (card.buttons.length === 0) check.refuse(`${field}.buttons`, 'must be 1 at least.');
    else check.buttons(`${field}.buttons`, card.buttons, TEMPLATE_LIMITS.cardButtons);
  });
}

type Card = NonNullable<TemplateDefinition['cards']>[number];
const shapeOf = ({ header, body, buttons }: Card) => [
  header?.kind === 'media' && header.mediaKind,
  body !== undefined,
  buttons.map(({ kind }) => kind),
];

/** Meta writes the words itself; what can be chosen is the button, an advice and when the code ends. */
function checkAuthentication(check: Check, definition: TemplateDefinition): void {
  const { header, body, footer, buttons, cards, limitedTimeOffer, authentication } = definition;
  const others = { header, body: body.text || undefined, footer, cards, limitedTimeOffer };
  for (const [field, given] of Object.entries(others)) {
    if (given !== undefined) check.refuse(field, 'must not be given for AUTHENTICATION: WhatsApp writes it.');
  }
  const minutes = authentication?.codeExpiresInMinutes;
  const most = TEMPLATE_LIMITS.codeExpiresInMinutes;
  if (minutes !== undefined && (minutes < 1 || minutes > most)) {
    check.refuse('authentication.codeExpiresInMinutes', `must be between 1 and ${most}.`);
  }
  const [button] = buttons;
  if (buttons.length !== 1 || button?.kind !== 'otp') return check.refuse('buttons', 'must be one of kind OTP.');
  checkOtp(check, 'buttons.0', button);
}

function checkOtp(check: Check, field: string, button: Extract<TemplateButton, { kind: 'otp' }>): void {
  const { text, autofillText, otpType, apps = [] } = button;
  if (text !== undefined) check.fixed(`${field}.text`, text, TEMPLATE_LIMITS.buttonText);
  if (autofillText !== undefined) check.fixed(`${field}.autofillText`, autofillText, TEMPLATE_LIMITS.buttonText);
  if (otpType === 'COPY_CODE') {
    if (apps.length > 0) check.refuse(`${field}.apps`, 'must not be given with COPY_CODE.');
    return;
  }
  if (apps.length < 1 || apps.length > TEMPLATE_LIMITS.apps) {
    check.refuse(`${field}.apps`, `must be 1 to ${TEMPLATE_LIMITS.apps}.`);
  }
  apps.forEach(({ packageName, signatureHash }, index) => {
    if (!/^[A-Za-z][\w]*(\.[A-Za-z][\w]*)+$/.test(packageName) || packageName.length > 224) {
      check.refuse(`${field}.apps.${index}.packageName`, 'must be the name of an Android package.');
    }
    if (!/^[\w+/=]{11}$/.test(signatureHash)) {
      check.refuse(`${field}.apps.${index}.signatureHash`, 'must have 11 characters: letters, digits, +, / and =.');
    }
  });
}

class Check {
  readonly violations: TemplateViolation[] = [];

  constructor(readonly format: ParameterFormat) {}

  refuse(field: string, message: string): void {
    this.violations.push({ field, message });
  }

  most(field: string, text: string, most: number): void {
    if ([...text].length > most) this.refuse(field, `must have at most ${most} characters.`);
  }

  /** @returns whether it is a text at all. */
  text(field: string, text: string, most: number): boolean {
    if (text.trim() === '') this.refuse(field, 'must not be empty.');
    else if (text.includes('\0') || !text.isWellFormed()) this.refuse(field, 'must be well-formed text.');
    else {
      this.most(field, text, most);
      return true;
    }
    return false;
  }

  /** A text that is the same at each send. */
  fixed(field: string, text: string, most: number): void {
    if (this.text(field, text, most) && /\{\{|\}\}/.test(text)) this.refuse(field, 'must have no variables.');
  }

  header(field: string, header: TemplateHeader): void {
    if (header.kind !== 'text') return;
    const text = `${field}.text`;
    if (header.text.includes('\n')) this.refuse(`${text}.text`, 'must have no line break.');
    this.words(text, header, TEMPLATE_LIMITS.header, { mostVariables: 1, mayEndWithVariable: true });
  }

  words(
    field: string,
    { text, examples }: TemplateWords,
    most: number,
    { mostVariables = Infinity, mayEndWithVariable = false } = {},
  ): void {
    if (!this.text(`${field}.text`, text, most)) return;
    const names = variablesOf(text);
    if (/\{\{|\}\}/.test(text.replaceAll(VARIABLE, ''))) {
      return this.refuse(`${field}.text`, 'must have variables as {{1}} or {{name}}.');
    }
    if (names.length > mostVariables) this.refuse(`${field}.text`, `must have at most ${mostVariables} variable.`);
    if (!mayEndWithVariable && /^\s*\{\{[^{}]*\}\}|\{\{[^{}]*\}\}\s*$/.test(text)) {
      this.refuse(`${field}.text`, 'must have no variable at its beginning or end.');
    }
    this.names(`${field}.text`, names);
    const given = new Map(examples.map(({ name, value }) => [name, value]));
    const missing = names.filter((name) => !given.get(name)?.trim());
    if (missing.length > 0) {
      this.refuse(`${field}.examples`, `must be given for ${missing.map((name) => `{{${name}}}`).join(', ')}.`);
    }
    for (const [name, value] of given) {
      if (!names.includes(name)) this.refuse(`${field}.examples`, `must be of variables: {{${name}}} is none.`);
      else this.most(`${field}.examples`, value, TEMPLATE_LIMITS.example);
    }
  }

  names(field: string, names: readonly string[]): void {
    if (this.format === 'NAMED') {
      if (!names.every((name) => /^[a-z][a-z0-9_]*$/.test(name))) {
        this.refuse(field, 'must have names of variables in lower-case letters, digits and underscores.');
      }
    } else if (!names.every((name) => /^[1-9]\d*$/.test(name))) {
      this.refuse(field, 'must have variables as {{1}}, {{2}} and so on, or be of parameterFormat NAMED.');
    } else {
      const missing = names.map((_, index) => String(index + 1)).find((place) => !names.includes(place));
      if (missing !== undefined) this.refuse(field, `must have variables without gaps: {{${missing}}} is missing.`);
    }
  }

  buttons(field: string, buttons: readonly TemplateButton[], most: number): void {
    if (buttons.length > most) return this.refuse(field, `must be at most ${most}.`);
    buttons.forEach((button, index) => this.button(`${field}.${index}`, button));
    for (const [kind, count] of Object.entries(MOST_OF_KIND)) {
      if (buttons.filter((button) => button.kind === kind).length > count) {
        this.refuse(field, `must be at most ${count} of kind ${BUTTON_KINDS[kind as keyof typeof MOST_OF_KIND]}.`);
      }
    }
    // As WhatsApp shows them: two groups.
    const changes = buttons.filter((button, index) => {
      const before = buttons[index - 1];
      return before && (before.kind === 'quickReply') !== (button.kind === 'quickReply');
    });
    if (changes.length > 1) this.refuse(field, 'must have quick replies side by side.');
  }

  button(field: string, button: TemplateButton): void {
    if (button.kind === 'otp') return this.refuse(field, 'must be of kind OTP for AUTHENTICATION only.');
    if (button.kind !== 'copyCode' && button.kind !== 'contactInfo') {
      this.fixed(`${field}.text`, button.text, TEMPLATE_LIMITS.buttonText);
    }
    switch (button.kind) {
      case 'url':
        return this.url(field, button);
      case 'phone':
        if (!/^\+?\d{5,20}$/.test(button.phone) || button.phone.length > TEMPLATE_LIMITS.phone) {
          this.refuse(`${field}.phone`, `must be a phone number of at most ${TEMPLATE_LIMITS.phone} characters.`);
        }
        return;
      case 'copyCode':
        return this.fixed(`${field}.example`, button.example ?? '', TEMPLATE_LIMITS.code);
      case 'flow':
        if (!/^\d{1,32}$/.test(button.flowId ?? '')) this.refuse(`${field}.flowId`, 'must be the id of a flow.');
        return;
      default:
        return;
    }
  }

  url(field: string, { url, example }: Extract<TemplateButton, { kind: 'url' }>): void {
    if (!this.text(`${field}.url`, url, TEMPLATE_LIMITS.url)) return;
    const names = variablesOf(url);
    const bare = url.replaceAll(VARIABLE, '');
    if (!/^https?:\/\/[^\s/{}]+/.test(url) || !URL.canParse(bare)) {
      this.refuse(`${field}.url`, 'must be an http or https address.');
    } else if (names.length > 1 || (names.length === 1 && !url.endsWith('{{1}}')) || /[{}]/.test(bare)) {
      this.refuse(`${field}.url`, 'must have no variable but {{1}} at its end.');
    } else if (names.length === 1 && !example?.trim()) this.refuse(`${field}.example`, 'must be given.');
    else if (example !== undefined) this.most(`${field}.example`, example, TEMPLATE_LIMITS.url);
  }
}

/** What the API calls them. */
export const BUTTON_KINDS = {
  quickReply: 'QUICK_REPLY',
  url: 'URL',
  phone: 'PHONE',
  copyCode: 'COPY_CODE',
  otp: 'OTP',
  flow: 'FLOW',
  catalog: 'CATALOG',
  call: 'CALL',
  contactInfo: 'CONTACT_INFO',
} as const satisfies Record<TemplateButton['kind'], string>;

const MOST_OF_KIND = {
  url: TEMPLATE_LIMITS.urlButtons,
  phone: 1,
  copyCode: 1,
  flow: 1,
  catalog: 1,
  call: 1,
  contactInfo: 1,
} as const satisfies Partial<Record<TemplateButton['kind'], number>>;
