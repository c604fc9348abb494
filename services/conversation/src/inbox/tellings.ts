import type { Envelope } from '@fenster/contracts';
import { assignmentTellings } from '../assignments/assignment.inbox-events.js';
import { availabilityTellings } from '../availability/availability.inbox-events.js';
import { budgetTellings } from '../budgets/budget.inbox-events.js';
import { conversationTellings } from '../conversations/conversation.inbox-events.js';
import { labelTellings } from '../labels/label.inbox-events.js';
import { messageTellings } from '../messages/message.inbox-events.js';
import { noteTellings } from '../notes/note.inbox-events.js';
import { participantTellings } from '../participants/participant.inbox-events.js';
import { statusTellings } from '../status/status.inbox-events.js';
import { readCursorTellings } from '../read-cursors/read-cursor.inbox-events.js';
import { serviceWindowTellings } from '../threads/service-window.inbox-events.js';
import { templateTellings } from '../templates/template.inbox-events.js';
import { customerIdentityTellings } from '../threads/customer-identity.inbox-events.js';
import { claimTellings } from '../claims/claim.inbox-events.js';
import { controlTellings } from '../control/control.inbox-events.js';
import { surveyTellings } from '../surveys/survey.inbox-events.js';
import { serviceLevelTellings } from '../service-levels/service-level.inbox-events.js';
import { optOutTellings } from '../opt-outs/opt-out.inbox-events.js';
import { heldMessageTellings } from '../approvals/held-message.inbox-events.js';
import { draftTellings } from '../drafts/draft.inbox-events.js';
import type { Subject, Telling } from './inbox-event.js';
import { LiveStarted, ReplayGap } from './inbox-markers.types.js';

const TELLINGS: readonly Telling[] = [
  ...conversationTellings,
  ...messageTellings,
  ...assignmentTellings,
  ...availabilityTellings,
  ...serviceWindowTellings,
  ...noteTellings,
  ...statusTellings,
  ...claimTellings,
  ...controlTellings,
  ...draftTellings,
  ...heldMessageTellings,
  ...labelTellings,
  ...participantTellings,
  ...serviceLevelTellings,
  ...surveyTellings,
  ...readCursorTellings,
  ...customerIdentityTellings,
  ...templateTellings,
  ...optOutTellings,
  ...budgetTellings,
];
const BY_NAME = new Map(TELLINGS.map((telling) => [keyOf(telling.event), telling]));

export const INBOX_EVENT_TYPES = [LiveStarted, ReplayGap, ...new Set(TELLINGS.map(({ type }) => type))];

/** Names of the events of the log of which the inbox tells. */
export const toldEvents: readonly string[] = [...new Set(TELLINGS.map(({ event }) => event.name))];

/** How the inbox tells an event of the log; undefined for those that are none of its. */
export function toldOf(received: Envelope): (Subject & Pick<Telling, 'type'>) | undefined {
  const telling = BY_NAME.get(keyOf(received));
  const subject = telling?.about(received.data as never, received);
  return subject && { ...subject, type: telling!.type };
}

function keyOf({ name, version }: { name: string; version: number }): string {
  return `${name} ${version}`;
}
