import {
  consentIdentityKind,
  type ConsentIdentityKind,
  type ConsentState,
  type TemplateCategory,
} from '@fenster/contracts';
import { DomainError } from '@fenster/runtime';

/** Where the consent of one address to one purpose stands. */
export interface KnownConsent {
  purpose: string;
  identityKind: ConsentIdentityKind;
  identityValue: string;
  state: ConsentState;
  isGranted: boolean;
  since: Date;
}

/** What is known of the person whom a template is for. */
export interface ConsentFacts {
  /** How they are called now. What is sent goes to the phone number, where there is one. */
  phone: string | null;
  bsuid: string | null;
  threemaId: string | null;
  /** Of any address that they ever had on this channel. */
  consents: readonly KnownConsent[];
  /** When they last told us here to stop marketing: known at once, before contacts has recorded it. */
  optedOutAt: Date | null;
  /** Since when the provider says that they want no marketing of this business. */
  marketingStoppedAt: Date | null;
}

/**
 * Whether the law and the customer allow a template of this category:
 *
 * - MARKETING, and what a provider made up since: only with a consent to marketing that the address it goes to has
 *   confirmed and nobody has withdrawn. Whoever is called otherwise now has to be asked anew. Where it is for a purpose
 *   of the business's own, with a consent to that one too.
 * - UTILITY is about something the person wants already, an order or an appointment: lawful until they object to it.
 *   An end of marketing is no end of that.
 * - AUTHENTICATION is what the person asks for at that moment.
 */
export function checkConsent(
  category: TemplateCategory,
  facts: ConsentFacts,
  purpose = 'marketing',
): DomainError | undefined {
  switch (category) {
    case 'AUTHENTICATION':
      return undefined;
    case 'UTILITY':
      return refuses(facts, 'order_updates')
        ? optedOut('This person wants no order updates. ', 'order_updates')
        : undefined;
    default:
      return checkMarketing(facts, 'marketing') ?? checkMarketing(facts, purpose);
  }
}

function checkMarketing(facts: ConsentFacts, purpose: string): DomainError | undefined {
  const { marketingStoppedAt } = facts;
  if (marketingStoppedAt) return optedOut('This person has stopped marketing messages of this business in WhatsApp. ');
  const consent = currentConsent(facts, purpose);
  if (refuses(facts, purpose) || isOptedOut(facts, purpose)) {
    return optedOut('This person wants no marketing of this business. ', purpose);
  }
  if (consent?.isGranted) return undefined;
  return new DomainError(
    'CONSENT_MISSING',
    'Marketing may only be sent to who has agreed to it, and this person has not. Ask for their consent first.',
    { details: { purpose, consent: consent?.state ?? null } },
  );
}

/** Whether they told us here to stop marketing, and have not agreed to this purpose since. */
export function isOptedOut(facts: ConsentFacts, purpose: string): boolean {
  const { optedOutAt } = facts;
  if (!optedOutAt) return false;
  const consent = currentConsent(facts, purpose);
  // What they write comes with whole seconds: in the same one, the opt-out counts.
  return !(consent?.isGranted && consent.since.getTime() >= optedOutAt.getTime() + SECOND_MS);
}

const SECOND_MS = 1_000;
const NO: readonly ConsentState[] = ['WITHDRAWN', 'REFUSED', 'PLATFORM_STOPPED'];

/** By any of their present names: somebody who says no means it, and the stricter wins. */
function refuses({ consents, ...person }: ConsentFacts, purpose: string): boolean {
  const names = namesOf(person);
  return consents.some(
    (consent) => consent.purpose === purpose && NO.includes(consent.state) && names.some((name) => isOf(consent, name)),
  );
}

/** Of the address that the message would go to, and of no other. */
export function currentConsent({ consents, ...person }: ConsentFacts, purpose: string): KnownConsent | undefined {
  const [address] = namesOf(person);
  return address && consents.find((consent) => consent.purpose === purpose && isOf(consent, address));
}

type Name = Pick<KnownConsent, 'identityKind' | 'identityValue'>;

/** The address first: of a person with several names, messages go to the number. */
function namesOf({ phone, bsuid, threemaId }: Pick<ConsentFacts, 'phone' | 'bsuid' | 'threemaId'>): Name[] {
  const names = { PHONE: phone, BSUID: bsuid, THREEMA_ID: threemaId };
  return consentIdentityKind.options.flatMap((identityKind) => {
    const identityValue = names[identityKind];
    return identityValue === null ? [] : [{ identityKind, identityValue }];
  });
}

function isOf(consent: KnownConsent, { identityKind, identityValue }: Name): boolean {
  return consent.identityKind === identityKind && consent.identityValue === identityValue;
}

function optedOut(why: string, purpose = 'marketing'): DomainError {
  const instead =
    purpose === 'order_updates'
      ? 'Answer when they write.'
      : 'Send what they need to know as a utility template, or wait until they want marketing again.';
  return new DomainError('OPTED_OUT', `${why}${instead}`, { details: { purpose } });
}
