import { z } from 'zod';
import { auditChainExtended, auditEntryRecorded } from './audit.js';
import * as billing from './billing.js';
import * as channels from './channels.js';
import * as conversation from './conversation.js';
import type { EventDefinition } from './define-event.js';
import { envelope } from './envelope.js';
import * as identity from './identity.js';

/** Every event there is. */
export const EVENTS: readonly EventDefinition[] = [
  ...[channels, conversation, billing, identity].flatMap((module) => Object.values(module) as EventDefinition[]),
  ...auditEntryRecorded.values(),
  auditChainExtended,
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
