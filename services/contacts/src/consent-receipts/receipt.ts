import type { ConsentEventKind, ConsentIdentityKind, ConsentSource } from '@fenster/contracts';
import type { ConsentText } from '../consent/consent.entity.js';
import type { Purpose } from '../consent/purpose.queries.js';
import type { DataController } from '../data-controller/data-controller.entity.js';

/** `typ` of its signature. */
export const RECEIPT_TYPE = 'consent-receipt+jwt';
const SCHEMA_VERSION = 'fenster.consent-receipt/1; ISO/IEC TS 27560:2023';

/** Something that was said, as the ledger has it. */
export interface ReceiptEntry {
  seq: number;
  id: string;
  kind: ConsentEventKind;
  source: ConsentSource;
  occurredAt: Date;
  hash: string;
  evidenceHash: string;
}

export interface ReceiptFacts {
  id: string;
  /** Of the address whose consent it is; it outlives the address itself. */
  identityId: string;
  identityKind: ConsentIdentityKind;
  channelId: string;
  purpose: Purpose;
  controller: DataController;
  /** What the person read. */
  text: ConsentText;
  /** All of this consent, the first first. */
  entries: readonly ReceiptEntry[];
  /** When it was given, last. */
  givenAt: Date;
  givenBy: ConsentSource;
  /** Where it can be checked. */
  url: string;
  jwksUrl: string;
  issuedAt: Date;
}

export type ConsentReceipt = ReturnType<typeof buildReceipt>;

/**
 * What a person keeps of a consent. Names of fields are those of ISO/IEC TS 27560:2023, tables 1 and 2, as far as
 * public implementations show them (https://w3id.org/dpv/guides/consent-27560), and in `kantara` those of the Consent
 * Receipt Specification v1.1 of the Kantara Initiative, §4. The standard has no event of a refusal, of a request or of a
 * switch at the provider: their types are ours. It names the person by an id alone, and leaves out what nobody has told
 * us, such as where messages are stored.
 */
export function buildReceipt(facts: ReceiptFacts) {
  const { id, identityId, identityKind, channelId, purpose, controller, text, entries, url, jwksUrl } = facts;
  const party = {
    name: controller.name,
    address: controller.address,
    email: controller.email,
    ...(controller.privacyOfficer && { privacy_officer: controller.privacyOfficer }),
  };
  const [first] = entries;
  return {
    schema_version: SCHEMA_VERSION,
    record_id: first!.id,
    receipt_id: id,
    issued_at: facts.issuedAt.toISOString(),
    language: text.locale,
    jurisdiction: controller.jurisdiction,
    pii_principal_id: identityId,
    pii_controllers: [party],
    privacy_notice: { uri: text.privacyNoticeUrl, version: text.privacyNoticeVersion },
    consent_text: { text: text.body, version: text.version, sha256: text.hash },
    purposes: [
      {
        purpose: purpose.name,
        purpose_id: purpose.key,
        ...(purpose.description && { description: purpose.description }),
        lawful_basis: 'Consent, Art. 6(1)(a) GDPR',
        pii_information: [{ type: identityKind, is_sensitive: false }],
        collection_method: facts.givenBy,
        processing_method: 'Sending messages over the channel on which it was given',
        channel_id: channelId,
        withdrawal_method: `A message that says STOP, or an e-mail to ${controller.email}`,
      },
    ],
    events: entries.map((entry) => ({
      event_id: entry.id,
      type: EVENT_TYPES[entry.kind],
      time: entry.occurredAt.toISOString(),
      mechanism: entry.source,
      integrity: { ledger_position: entry.seq, entry_sha256: entry.hash, evidence_sha256: entry.evidenceHash },
    })),
    verification: { uri: url, jwks_uri: jwksUrl },
    kantara: {
      version: 'KI-CR-v1.1.0',
      jurisdiction: controller.jurisdiction,
      consentTimestamp: Math.floor(facts.givenAt.getTime() / 1_000),
      collectionMethod: facts.givenBy,
      consentReceiptID: id,
      language: text.locale,
      piiPrincipalId: identityId,
      piiControllers: [
        {
          piiController: controller.name,
          onBehalf: false,
          contact: controller.privacyOfficer ?? controller.name,
          address: { streetAddress: controller.address, addressCountry: controller.jurisdiction },
          email: controller.email,
        },
      ],
      policyUrl: text.privacyNoticeUrl,
      services: [
        {
          service: 'Messages',
          purposes: [
            {
              purpose: purpose.name,
              purposeCategory: [purpose.kind],
              consentType: 'EXPLICIT',
              piiCategory: ['Contact'],
              primaryPurpose: false,
              termination: 'Until it is withdrawn',
              // Whoever carries the messages gets the address.
              thirdPartyDisclosure: true,
              thirdPartyName: 'Operator of the messaging service',
            },
          ],
        },
      ],
      sensitive: false,
      spiCat: [],
    },
  };
}

const EVENT_TYPES: Record<ConsentEventKind, string> = {
  REQUESTED: 'consent_requested',
  CONFIRMED: 'consent_given',
  REFUSED: 'consent_refused',
  WITHDRAWN: 'consent_withdrawn',
  EXPIRED: 'consent_request_expired',
  PLATFORM_STOPPED: 'messages_stopped_at_provider',
  PLATFORM_RESUMED: 'messages_resumed_at_provider',
  IMPORTED_UNKNOWN: 'imported_without_proof',
};
