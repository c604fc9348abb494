import {
  contactChanged,
  contactCreated,
  contactMergeUndone,
  contactsMerged,
  contactUpdated,
  jobProgressed,
  newsletterProgressed,
  segmentChanged,
  type Envelope,
  type EventData,
  type EventDefinition,
} from '@fenster/contracts';
import { JobProgressed } from '../jobs/job.types.js';
import { NewsletterProgressed } from '../newsletters/newsletter.types.js';
import { SegmentChanged } from '../segments/segment.types.js';
import {
  ContactCreated,
  ContactMerged,
  ContactMergeUndone,
  ContactNamed,
  ContactUpdated,
  type ContactTelling,
  type Tell,
} from './contact-event.types.js';

function tell<D extends EventDefinition>(
  event: D,
  about: (data: EventData<D>) => ContactTelling | undefined,
): [string, Tell] {
  return [event.name, ({ data }: Envelope) => about(data as EventData<D>)];
}

const TELLINGS: ReadonlyMap<string, Tell> = new Map([
  tell(contactCreated, ({ contactId }) => ({ type: ContactCreated, contactId })),
  tell(contactUpdated, ({ contactId, fields }) => ({ type: ContactUpdated, contactId, says: { fields } })),
  tell(contactChanged, ({ contactId }) => ({ type: ContactNamed, contactId, says: { knownAs: contactId } })),
  tell(contactsMerged, ({ contactId, mergedId }) => ({ type: ContactMerged, contactId, says: { mergedId } })),
  tell(contactMergeUndone, ({ contactId, otherId }) => ({ type: ContactMergeUndone, contactId, says: { otherId } })),
  tell(segmentChanged, ({ segmentId }) => ({ type: SegmentChanged, of: 'Segment', says: { segmentId } })),
  tell(jobProgressed, ({ jobId }) => ({ type: JobProgressed, of: 'Job', says: { jobId } })),
  tell(newsletterProgressed, ({ newsletterId }) => ({
    type: NewsletterProgressed,
    of: 'Newsletter',
    says: { newsletterId },
  })),
]);

/** Undefined for what is not told to clients. */
export function contactTelling(envelope: Envelope): ContactTelling | undefined {
  return TELLINGS.get(envelope.name)?.(envelope);
}
