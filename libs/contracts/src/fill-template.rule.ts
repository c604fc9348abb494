import type { OutgoingContent, TemplateButtonValue } from './outgoing-content.js';
import type {
  ParameterFormat,
  TemplateButton,
  TemplateCategory,
  TemplateDefinition,
  TemplateHeader,
  TemplateWords,
} from './templates.js';

export type TemplateContent = Extract<OutgoingContent, { kind: 'template' }>;
type Part = Pick<TemplateContent, 'header' | 'body' | 'buttons'>;
type Parameter = TemplateContent['body'][number];
type Path = readonly (string | number)[];

/** What does not fit: where, relative to the content, and what would do. */
export interface FillViolation {
  path: Path;
  message: string;
}

/** A template as far as filling it goes. */
export interface FillableTemplate {
  id: string;
  name: string;
  language: string;
  category: TemplateCategory;
  parameterFormat: ParameterFormat;
  definition?: TemplateDefinition | null;
}

type GivenPart = Omit<Part, 'body' | 'buttons'> & {
  body?: readonly Parameter[] | undefined;
  buttons?: readonly (Omit<TemplateButtonValue, 'kind'> & { kind?: TemplateButtonValue['kind'] })[] | undefined;
};

/** What somebody put into a template. */
export interface GivenTemplate extends GivenPart {
  cards?: readonly (Omit<GivenPart, 'header'> & { media?: NonNullable<TemplateContent['cards']>[number]['media'] })[];
  offerEndsAt?: string | undefined;
}

/** The limits of WhatsApp (whatsapp.md §B3 and Meta's pages of each component), in characters as people count them. */
export const TEMPLATE_FILL_LIMITS = {
  header: 60,
  body: 1_024,
  cardBody: 160,
  /** The end of an address. */
  url: 2_000,
  payload: 256,
  code: 15,
  flowToken: 200,
  productId: 200,
} as const;

/** Meta takes none of these in a variable. */
const UNFIT = /[\n\r\t]| {5}/;
const VARIABLE = /\{\{\s*([^{}]*?)\s*\}\}/g;

/** What is in `{{ }}`, each once, in the order of the text. */
export function variablesOf(text: string): string[] {
  return [...new Set(Array.from(text.matchAll(VARIABLE), (match) => match[1]!))];
}

/**
 * The message that a template makes with these things in their places, as the template is now. Whether they fit is for
 * {@link fillViolations}.
 */
export function fillTemplate(template: FillableTemplate, given: GivenTemplate): TemplateContent {
  const { id: templateId, name, language, category, definition } = template;
  const { header, cards, offerEndsAt } = given;
  const part = completed(definition, given);
  const content = {
    kind: 'template' as const,
    templateId,
    name,
    language,
    category,
    ...(header && { header }),
    ...part,
    ...(cards && {
      cards: cards.map(({ media, ...card }, index) => ({
        ...(media && { media }),
        ...completed(definition?.cards?.[index], card),
      })),
    }),
    ...(offerEndsAt !== undefined && { offerEndsAt }),
  };
  return { ...content, text: definition ? render(definition, content) : '' };
}

interface Fillable {
  body?: TemplateWords | undefined;
  buttons: readonly TemplateButton[];
}

function completed(definition: Fillable | null | undefined, given: GivenPart): Pick<Part, 'body' | 'buttons'> {
  const body = [...(given.body ?? [])];
  const buttons = (given.buttons ?? []).map(({ index, value, dataJson }) => ({
    index,
    kind: valueKindOf(definition?.buttons[index]) ?? 'url',
    value,
    ...(dataJson !== undefined && { dataJson }),
  }));
  const password = definition?.buttons.findIndex(({ kind }) => kind === 'otp') ?? -1;
  const [code] = body;
  // The customer reads and taps the same code: nobody has to say it twice.
  if (password >= 0 && code && !buttons.some(({ index }) => index === password)) {
    buttons.push({ index: password, kind: 'otp', value: code.text });
  }
  return { body, buttons };
}

/** Undefined for a button that is the same at each send. */
function valueKindOf(button: TemplateButton | undefined): TemplateButtonValue['kind'] | undefined {
  switch (button?.kind) {
    case 'quickReply':
    case 'copyCode':
    case 'otp':
    case 'flow':
    case 'catalog':
      return button.kind;
    case 'url':
      return variablesOf(button.url).length > 0 ? 'url' : undefined;
    default:
      return undefined;
  }
}

const isNeeded = (kind: TemplateButtonValue['kind']) => kind === 'url' || kind === 'copyCode' || kind === 'otp';

/** Everything that does not fit the template, in the order of its parts; none if it can be sent so. */
export function fillViolations(
  { definition, parameterFormat, category }: FillableTemplate,
  content: TemplateContent,
  now: Date,
): readonly FillViolation[] {
  if (!definition) return [];
  const check = new Check(parameterFormat);
  check.header([], definition.header, content.header);
  const isAuthentication = category === 'AUTHENTICATION';
  const most = isAuthentication ? TEMPLATE_FILL_LIMITS.code : TEMPLATE_FILL_LIMITS.body;
  check.parameters(['body'], definition.body.text, content.body, isAuthentication ? undefined : most);
  if (isAuthentication) content.body.forEach(({ text }, index) => check.length(['body', index, 'text'], text, most));
  check.buttons([], definition.buttons, content.buttons);
  const password = content.buttons.find(({ kind }) => kind === 'otp');
  if (isAuthentication && password && password.value !== content.body[0]?.text) {
    check.refuse(['buttons'], 'must have the same code as the body.');
  }
  checkCards(check, definition, content);
  checkOffer(check, definition, content, now);
  return check.violations;
}

function checkCards(check: Check, definition: TemplateDefinition, { cards = [] }: TemplateContent): void {
  const wanted = definition.cards ?? [];
  if (cards.length !== wanted.length) {
    check.refuse(['cards'], wanted.length === 0 ? 'must not be given.' : `must be ${wanted.length}.`);
    return;
  }
  wanted.forEach((card, index) => {
    const { media, body, buttons } = cards[index]!;
    const path = ['cards', index];
    if (card.header?.kind === 'media' && media?.mediaKind !== card.header.mediaKind) {
      check.refuse([...path, 'media'], `must be given: ${card.header.mediaKind}.`);
    } else if (card.header?.kind !== 'media' && media) check.refuse([...path, 'media'], 'must not be given.');
    check.parameters([...path, 'body'], card.body?.text ?? '', body, TEMPLATE_FILL_LIMITS.cardBody);
    check.buttons(path, card.buttons, buttons);
  });
}

function checkOffer(
  check: Check,
  { limitedTimeOffer: offer }: TemplateDefinition,
  { offerEndsAt }: TemplateContent,
  now: Date,
) {
  if (offer?.hasExpiration && offerEndsAt === undefined) check.refuse(['offerEndsAt'], 'must be given.');
  else if (!offer?.hasExpiration && offerEndsAt !== undefined) check.refuse(['offerEndsAt'], 'must not be given.');
  else if (offerEndsAt !== undefined && Date.parse(offerEndsAt) <= now.getTime()) {
    check.refuse(['offerEndsAt'], 'must be in the future.');
  }
}

class Check {
  readonly violations: FillViolation[] = [];

  constructor(readonly format: ParameterFormat) {}

  refuse(path: Path, message: string): void {
    this.violations.push({ path, message });
  }

  length(path: Path, text: string, most: number): void {
    if ([...text].length > most) this.refuse(path, `must have at most ${most} characters.`);
  }

  header(path: Path, wanted: TemplateHeader | undefined, given: Part['header']): void {
    const at = [...path, 'header'];
    switch (wanted?.kind) {
      case 'media':
        if (!given || !('media' in given)) return this.refuse([...at, 'media'], `must be given: ${wanted.mediaKind}.`);
        if (given.media.mediaKind === wanted.mediaKind) return;
        return this.refuse([...at, 'media', 'mediaKind'], `must be ${wanted.mediaKind}.`);
      case 'location':
        if (!given || !('location' in given)) return this.refuse([...at, 'location'], 'must be given.');
        if (!(Math.abs(given.location.latitude) <= 90 && Math.abs(given.location.longitude) <= 180)) {
          return this.refuse([...at, 'location'], 'must be a place on earth.');
        }
        if (given.location.name === undefined || given.location.address === undefined) {
          return this.refuse([...at, 'location'], 'must have a name and an address.');
        }
        return;
      default:
        if (given && !('parameters' in given)) {
          return this.refuse(at, wanted ? 'must be parameters.' : 'must not be given: the template has none.');
        }
        return this.parameters(
          [...at, 'parameters'],
          wanted?.text ?? '',
          given?.parameters ?? [],
          TEMPLATE_FILL_LIMITS.header,
        );
    }
  }

  /** @param most of the text with everything in its place. */
  parameters(path: Path, text: string, given: readonly Parameter[], most: number | undefined): void {
    const before = this.violations.length;
    const names = variablesOf(text);
    const shown = names.map((name) => `{{${name}}}`).join(', ');
    if (given.length !== names.length) {
      const wanted = names.length === 0 ? 'must not be given.' : `must be ${names.length}: ${shown}.`;
      return this.refuse(path, wanted);
    }
    const seen = new Set<string>();
    given.forEach(({ name, text: value }, index) => {
      const at = [...path, index];
      if (this.format === 'POSITIONAL' && name !== undefined) {
        this.refuse([...at, 'name'], 'must not be given: the variables of this template have no names.');
      } else if (this.format === 'NAMED' && (name === undefined || !names.includes(name) || seen.has(name))) {
        this.refuse([...at, 'name'], `must be one of ${shown}, each once.`);
      }
      if (name !== undefined) seen.add(name);
      this.value([...at, 'text'], value);
    });
    if (this.violations.length > before || most === undefined) return;
    if ([...filled(text, given)].length > most) this.refuse(path, `must leave the whole at ${most} characters.`);
  }

  value(path: Path, text: string): void {
    if (text.trim() === '') this.refuse(path, 'must not be empty.');
    else if (UNFIT.test(text)) {
      this.refuse(path, 'must have no line break, no tab, and no more than 4 spaces in a row.');
    } else if (text.includes('\0') || !text.isWellFormed()) this.refuse(path, 'must be well-formed text.');
  }

  buttons(path: Path, wanted: readonly TemplateButton[], given: readonly TemplateButtonValue[]): void {
    const at = [...path, 'buttons'];
    const seen = new Set<number>();
    given.forEach((button, index) => {
      const kind = valueKindOf(wanted[button.index]);
      if (kind === undefined || kind !== button.kind || seen.has(button.index)) {
        this.refuse([...at, index, 'index'], 'must be the place of a button that takes a value, each once.');
      } else this.buttonValue([...at, index], button);
      seen.add(button.index);
    });
    wanted.forEach((button, index) => {
      const kind = valueKindOf(button);
      if (kind && isNeeded(kind) && !seen.has(index)) this.refuse(at, `must have a value for button ${index}.`);
    });
  }

  buttonValue(path: Path, { kind, value, dataJson }: TemplateButtonValue): void {
    if (value.trim() === '') return this.refuse([...path, 'value'], 'must not be empty.');
    if (value.includes('\0') || !value.isWellFormed()) {
      return this.refuse([...path, 'value'], 'must be well-formed text.');
    }
    this.length([...path, 'value'], value, MOST[kind]);
    if (dataJson === undefined) return;
    if (kind !== 'flow') this.refuse([...path, 'dataJson'], 'must be given with a form only.');
    else if (!isJsonObject(dataJson)) this.refuse([...path, 'dataJson'], 'must be a JSON object.');
  }
}

const MOST: Readonly<Record<TemplateButtonValue['kind'], number>> = {
  url: TEMPLATE_FILL_LIMITS.url,
  quickReply: TEMPLATE_FILL_LIMITS.payload,
  copyCode: TEMPLATE_FILL_LIMITS.code,
  otp: TEMPLATE_FILL_LIMITS.code,
  flow: TEMPLATE_FILL_LIMITS.flowToken,
  catalog: TEMPLATE_FILL_LIMITS.productId,
};

function isJsonObject(json: string): boolean {
  try {
    const value: unknown = JSON.parse(json);
    return json.isWellFormed() && typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

/** What a person reads of it: for lists, the search and transcripts. */
function render(definition: TemplateDefinition, content: Part & Pick<TemplateContent, 'cards'>): string {
  const { header, body, footer, buttons, limitedTimeOffer, cards = [] } = definition;
  const headerParameters = content.header && 'parameters' in content.header ? content.header.parameters : [];
  const lines = [
    header?.kind === 'text' ? filled(header.text, headerParameters) : undefined,
    limitedTimeOffer?.text,
    filled(body.text, content.body),
    footer,
    ...buttons.map(optionOf),
    ...cards.flatMap((card, index) => [
      card.body && filled(card.body.text, content.cards?.[index]?.body ?? []),
      ...card.buttons.map(optionOf),
    ]),
  ];
  return lines.filter(Boolean).join('\n');
}

const optionOf = ({ text }: TemplateButton) => text && `[${text}]`;

/** What has no value stays as it is. */
function filled(text: string, parameters: readonly Parameter[]): string {
  const values = new Map(variablesOf(text).map((name, index) => [name, parameters[index]?.text]));
  for (const { name, text: value } of parameters) if (name !== undefined) values.set(name, value);
  return text.replaceAll(VARIABLE, (whole, name: string) => values.get(name) ?? whole);
}
