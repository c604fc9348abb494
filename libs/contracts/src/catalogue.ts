import { z } from 'zod';
import {
  accessCodeTold,
  accessCodeWritten,
  accessCollected,
  accessConfirmed,
  accessPartFound,
  accessRequested,
  accessTraced,
} from './access-requests.js';
import { alertAcknowledged, alertRaised } from './alerts.js';
import { auditChainExtended, auditEntryRecorded } from './audit.js';
import * as billing from './billing.js';
import * as channels from './channels.js';
import { clickToChatLinkChanged, clickToChatLinkUsed } from './click-to-chat.js';
import * as contacts from './contacts.js';
import * as conversation from './conversation/index.js';
import type { EventDefinition } from './define-event.js';
import { envelope } from './envelope.js';
import {
  erasureConfirmed,
  erasurePlanned,
  eventErased,
  personCounted,
  personErased,
  personLogErased,
  personTraced,
  rowsErased,
} from './erasures.js';
import * as identity from './identity.js';
import { newsletterMessageDue, newsletterProgressed, newsletterStarted, newsletterStopped } from './newsletters.js';
import { pricingAnalyticsRead, pricingAnalyticsWanted } from './pricing-analytics.js';
import { retentionFilesReleased, retentionRunOrdered, retentionRunReported, retentionRunStopped } from './retention.js';
import { templateCategoryChanged, templateChanged } from './templates.js';

/** Every event there is. */
export const EVENTS: readonly EventDefinition[] = [
  ...[channels, conversation, contacts, billing, identity].flatMap(
    (module) => Object.values(module) as EventDefinition[],
  ),
  ...auditEntryRecorded.values(),
  auditChainExtended,
  pricingAnalyticsWanted,
  pricingAnalyticsRead,
  templateChanged,
  templateCategoryChanged,
  alertRaised,
  alertAcknowledged,
  newsletterProgressed,
  newsletterStarted,
  newsletterStopped,
  newsletterMessageDue,
  clickToChatLinkChanged,
  clickToChatLinkUsed,
  erasurePlanned,
  erasureConfirmed,
  personTraced,
  ...[personCounted, personErased, personLogErased, eventErased].flatMap((events) => [...events.values()]),
  rowsErased,
  accessRequested,
  accessCodeTold,
  accessCodeWritten,
  accessConfirmed,
  accessTraced,
  ...[...accessPartFound.values(), ...accessCollected.values()],
  retentionRunOrdered,
  retentionRunStopped,
  ...retentionRunReported.values(),
  retentionFilesReleased,
];

/** The event catalogue that `npm run schema` writes to schema/events.json. */
export function eventCatalogue(): unknown {
  return {
    envelope: z.toJSONSchema(envelope),
    events: EVENTS.map(({ name, version, dataClass, description, schema }) => ({
      name,
      version,
      subject: `${name}.v${version}.<workspaceId>`,
      dataClass,
      description,
      data: z.toJSONSchema(schema),
    })),
  };
}
