import type { Clock } from '@fenster/runtime';
import type { BusinessNumber } from './config.js';
import { windowClosed, type GraphCall, type GraphError } from './graph-api.js';
import { bsuidOf, newWamid, type Person, type Pricing, type SentMessage } from './webhook-body.js';

const WINDOW_MS = 24 * 3_600_000;

export interface NewPerson {
  phone?: string;
  bsuid?: string;
  name?: string;
  username?: string;
}

/** All that this WhatsApp remembers: who its people are, when they last wrote, and how much each number has sent this month. */
export interface Network {
  /** Finds or makes the person, and updates what is newly known. */
  meet(known: NewPerson): Person;
  noteInbound(number: BusinessNumber, person: Person, sentAt: Date): void;
  accept(number: BusinessNumber, call: Extract<GraphCall, { kind: 'message' }>): SentMessage | GraphError;
}

export function createNetwork(clock: Clock, { assumeWindow = false } = {}): Network {
  const byPhone = new Map<string, Person>();
  const byBsuid = new Map<string, Person>();
  const lastInbound = new Map<string, number>();
  const serviceMessages = new Map<string, number>();

  const meet = ({ phone, bsuid, name, username }: NewPerson): Person => {
    const found =
      (bsuid !== undefined && byBsuid.get(bsuid)) || (phone !== undefined && byPhone.get(phone)) || undefined;
    const id = bsuid ?? found?.bsuid ?? bsuidOf(phone ?? '');
    const person: Person = { ...found, bsuid: id };
    if (phone !== undefined) person.phone = phone;
    if (name !== undefined) person.name = name;
    if (username !== undefined) person.username = username;
    byBsuid.set(id, person);
    if (person.phone !== undefined) byPhone.set(person.phone, person);
    return person;
  };

  /** Free while the number's monthly allowance lasts. Counted at acceptance: here, whatever is accepted is delivered. */
  const servicePricing = (number: BusinessNumber): Pricing => {
    const month = `${number.phoneNumberId} ${clock().toISOString().slice(0, 7)}`;
    const sent = (serviceMessages.get(month) ?? 0) + 1;
    serviceMessages.set(month, sent);
    return sent <= number.freeServiceMessages
      ? { billable: false, pricing_model: 'PMP', type: 'free_customer_service', category: 'service' }
      : { billable: true, pricing_model: 'PMP', type: 'regular', category: 'service' };
  };

  return {
    meet,
    noteInbound(number, person, sentAt) {
      const key = pair(number, person);
      lastInbound.set(key, Math.max(lastInbound.get(key) ?? 0, sentAt.getTime()));
    },
    accept(number, call) {
      const person = meet(call.to);
      const isTemplate = call.type === 'template';
      const wrote = lastInbound.get(pair(number, person));
      const isOpen = wrote === undefined ? assumeWindow : clock().getTime() < wrote + WINDOW_MS;
      if (!isTemplate && !isOpen) return windowClosed;
      return {
        wamid: newWamid(),
        person,
        wasSentToPhone: 'phone' in call.to,
        callbackData: call.callbackData,
        // The sandbox keeps no templates yet, so it takes all of them for utility.
        pricing: isTemplate
          ? { billable: true, pricing_model: 'PMP', type: 'regular', category: 'utility' }
          : servicePricing(number),
      };
    },
  };
}

function pair(number: BusinessNumber, person: Person): string {
  return `${number.phoneNumberId} ${person.bsuid}`;
}
