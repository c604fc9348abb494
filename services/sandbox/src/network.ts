import { randomUUID } from 'node:crypto';
import type { PhoneNumber, Account } from './numbers.js';
import { graphError, type GraphError } from './graph/graph-error.js';
import type { MessageCall } from './graph/message-call.js';
import { admit, numberRate, PAIR_RATE, THROUGHPUT, TIERS } from './rules/limits.js';
import {
  allowanceOf,
  priceMessage,
  showsConversation,
  type Conversation,
  type MessageCategory,
  type Priced,
} from './rules/pricing.js';
import type { StatusName, StatusPlanInput } from './rules/status-plan.js';
import type { FilledTemplate } from './rules/template-fill.js';
import type { SimulatedTime } from './time.js';
import { bsuidOf, newWamid, parentBsuidOf, type Person, type SentMessage } from './webhook-body.js';
import { waIdOf } from './rules/wa-id.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** How much of each chat the page shows, and how much is kept of all. */
const MAX_CHAT = 200;
const MAX_KEPT = 50_000;
const MAX_PEOPLE = 250_000;
const PLAYED_SINCE = new Date('2026-03-17T00:00:00Z');

export interface NewPerson {
  phone?: string;
  bsuid?: string;
  parentBsuid?: string;
  name?: string;
  username?: string;
}

/** How a phone behaves. */
export interface PhoneState {
  isOnline: boolean;
  /** Reads what arrives, without anybody opening the chat. */
  readsAtOnce: boolean;
  /** Reads without telling (read receipts are off). */
  hidesReading: boolean;
  /** Has a username, so businesses see no phone. */
  hidesPhone: boolean;
  stoppedMarketing: boolean;
}
export interface Someone extends Person, PhoneState {}

/** A message as the page shows it. */
export interface ChatMessage {
  wamid: string;
  phoneNumberId: string;
  bsuid: string;
  /** Milliseconds since 1970. */
  at: number;
  from: 'customer' | 'business' | 'business_app';
  type: string;
  content: unknown;
  template?: FilledTemplate;
  replyTo?: string;
  status?: StatusName | 'accepted';
  errorCode?: number;
  isRevoked?: boolean;
  isEdited?: boolean;
  reactions: { customer?: string; business?: string };
  price?: string;
  /** Nobody sees it: a reaction (which its target shows), or one that failed. */
  isHidden?: boolean;
  /** The phone is off. */
  isWaiting?: boolean;
}

/** One number and one person. */
export interface Pair {
  number: PhoneNumber;
  bsuid: string;
  lastInboundAt?: number;
  /** Came by an ad on a phone, not yet answered. */
  adClickedAt?: number;
  conversations: Conversation[];
  chat: ChatMessage[];
  rateDueAt: number;
  /** Sent while the phone was off, or delivered and not read. */
  undelivered: Sent[];
  unread: Sent[];
}
export interface Sent {
  message: SentMessage;
  plan: StatusPlanInput;
  view: ChatMessage;
  sentAt: number;
  timeToLiveMs: number;
  /** Its delivery is in the analytics. */
  isCounted?: boolean;
}

export interface AcceptInput {
  number: PhoneNumber;
  account: Account;
  call: MessageCall;
  category: MessageCategory;
  template?: FilledTemplate;
  timeToLiveMs: number;
  plan: Omit<StatusPlanInput, 'kind' | 'isRead' | 'isOnline' | 'hasPlayed'>;
}

/** All that this WhatsApp remembers: who its people are, what they wrote and got, and how much each number has sent this month. */
export interface Network {
  /** Finds or makes the person, and updates what is newly known. */
  meet(known: NewPerson): Someone;
  find(id: { phone?: string; bsuid?: string }): Someone | undefined;
  people(): Someone[];
  /** The person gets another phone number, and with it another user id, and another parent id if they have one. */
  changeNumber(
    person: Someone,
    phone: string,
  ): { previousBsuid: string; previousParentBsuid?: string; previousPhone?: string };
  pair(number: PhoneNumber, bsuid: string): Pair;
  pairsOf(bsuid: string): Pair[];
  noteInbound(number: PhoneNumber, person: Person, sentAt: Date): void;
  noteAdClick(number: PhoneNumber, person: Person, at: Date): void;
  isWindowOpen(number: PhoneNumber, person: Person): boolean;
  /** The window, the limits and the price of a send that is otherwise in order. */
  accept(input: AcceptInput): Sent | GraphError;
  keep(pair: Pair, message: ChatMessage): void;
  message(wamid: string): ChatMessage | undefined;
  clear(): void;
}

export interface NetworkOptions {
  time: SimulatedTime;
  assumeWindow: boolean;
  hasLimits: boolean;
  webhookVersion: string;
  freeConversations: number;
}

export function createNetwork(options: NetworkOptions): Network {
  const { time, assumeWindow, hasLimits, webhookVersion, freeConversations } = options;
  const byPhone = new Map<string, string>();
  const people = new Map<string, Someone>();
  const pairs = new Map<string, Pair>();
  const pairsByPerson = new Map<string, Set<Pair>>();
  const messages = new Map<string, ChatMessage>();
  const used = new Map<string, number>();
  const numberDueAt = new Map<string, number>();
  /** Per account: whom its numbers wrote to outside a window, and when. */
  const reachedOut = new Map<string, Map<string, number>>();

  const forgetPerson = (person: Someone) => {
    people.delete(person.bsuid);
    if (person.phone !== undefined) byPhone.delete(person.phone);
    for (const each of pairsByPerson.get(person.bsuid) ?? []) {
      pairs.delete(pairKey(each.number, person.bsuid));
      for (const message of each.chat) messages.delete(message.wamid);
    }
    pairsByPerson.delete(person.bsuid);
  };

  const find: Network['find'] = ({ phone, bsuid }) => {
    const id =
      bsuid !== undefined && people.has(bsuid) ? bsuid : phone === undefined ? undefined : byPhone.get(waIdOf(phone));
    return id === undefined ? undefined : people.get(id);
  };

  const meet = ({ phone: dialled, bsuid, parentBsuid, name, username }: NewPerson): Someone => {
    const phone = dialled === undefined ? undefined : waIdOf(dialled);
    const found = find({ ...(phone !== undefined && { phone }), ...(bsuid !== undefined && { bsuid }) });
    const id = bsuid ?? found?.bsuid ?? bsuidOf(phone ?? '');
    const person: Someone =
      found && found.bsuid === id
        ? found
        : {
            isOnline: true,
            readsAtOnce: true,
            hidesReading: false,
            hidesPhone: false,
            stoppedMarketing: false,
            ...found,
            bsuid: id,
          };
    if (phone !== undefined) person.phone = phone;
    if (parentBsuid !== undefined) person.parentBsuid = parentBsuid;
    if (name !== undefined) person.name = name;
    if (username !== undefined) person.username = username;
    people.set(id, person);
    if (person.phone !== undefined) byPhone.set(person.phone, id);
    if (people.size > MAX_PEOPLE) forgetPerson(people.values().next().value!);
    return person;
  };

  const pair = (number: PhoneNumber, bsuid: string): Pair => {
    const key = pairKey(number, bsuid);
    let found = pairs.get(key);
    if (!found) {
      found = { number, bsuid, conversations: [], chat: [], rateDueAt: 0, undelivered: [], unread: [] };
      pairs.set(key, found);
      const own = pairsByPerson.get(bsuid) ?? new Set();
      pairsByPerson.set(bsuid, own.add(found));
    }
    return found;
  };

  const forget = (each: Pair) => {
    const oldest = each.chat.shift();
    if (oldest) messages.delete(oldest.wamid);
  };
  const keep = (each: Pair, message: ChatMessage) => {
    each.chat.push(message);
    messages.set(message.wamid, message);
    if (each.chat.length > MAX_CHAT) forget(each);
    if (messages.size > MAX_KEPT) {
      const oldest = messages.values().next().value!;
      const owner = pairs.get(`${oldest.phoneNumberId} ${oldest.bsuid}`);
      if (owner) forget(owner);
      messages.delete(oldest.wamid);
    }
  };

  const isOpen = (each: Pair): boolean =>
    each.lastInboundAt === undefined ? assumeWindow : time.now().getTime() < each.lastInboundAt + DAY_MS;

  /** The limits are looked at before the message, and count only what gets through. */
  const limitError = (each: Pair, { number, account }: AcceptInput, isWindowOpen: boolean): GraphError | undefined => {
    if (!hasLimits) return undefined;
    const now = time.now().getTime();
    const numberNext = admit(
      numberDueAt.get(number.phoneNumberId) ?? 0,
      now,
      numberRate(THROUGHPUT[number.throughput]),
    );
    if (numberNext === undefined) return graphError(130429);
    const pairNext = admit(each.rateDueAt, now, PAIR_RATE);
    if (pairNext === undefined) return graphError(131056);
    if (!isWindowOpen) {
      const reached = reachedOut.get(account.id) ?? new Map<string, number>();
      for (const [bsuid, at] of reached) {
        // Oldest first: whoever is reached again goes to the end.
        if (now - at < DAY_MS) break;
        reached.delete(bsuid);
      }
      if (!reached.has(each.bsuid) && reached.size >= TIERS[number.tier]) return graphError(131048);
      reachedOut.set(account.id, reached);
      if (!reached.has(each.bsuid)) reached.set(each.bsuid, now);
    }
    numberDueAt.set(number.phoneNumberId, numberNext);
    each.rateDueAt = pairNext;
    return undefined;
  };

  const price = (each: Pair, input: AcceptInput, isWindowOpen: boolean): Priced => {
    const { number, account, category } = input;
    const at = time.now();
    const allowance = allowanceOf(at, account.timeZone, number);
    const size = allowance.size === 'messages' ? number.freeServiceMessages : freeConversations;
    const spent = used.get(allowance.key) ?? 0;
    const priced = priceMessage({
      at,
      timeZone: account.timeZone,
      category,
      isWindowOpen,
      cameByAd: each.adClickedAt !== undefined && at.getTime() < each.adClickedAt + DAY_MS,
      conversations: each.conversations,
      freeLeft: Math.max(0, size - spent),
      newConversationId: () => randomUUID().replaceAll('-', ''),
    });
    // What fails is free, and takes nothing from anybody.
    if (input.plan.fails) return priced;
    if (priced.usesAllowance) used.set(allowance.key, spent + 1);
    each.conversations = each.conversations.filter((open) => !priced.closesOthers && open.expiresAt > at);
    if (priced.opensConversation && priced.conversation) each.conversations.push(priced.conversation);
    if (priced.pricing.category === 'referral_conversion') delete each.adClickedAt;
    return priced;
  };

  return {
    meet,
    find,
    people: () => [...people.values()],
    changeNumber(person, dialled) {
      const phone = waIdOf(dialled);
      const { bsuid: previousBsuid, parentBsuid: previousParentBsuid, phone: previousPhone } = person;
      const bsuid = bsuidOf(phone);
      people.delete(previousBsuid);
      if (previousPhone !== undefined) byPhone.delete(previousPhone);
      const own = pairsByPerson.get(previousBsuid) ?? new Set();
      pairsByPerson.delete(previousBsuid);
      pairsByPerson.set(bsuid, own);
      for (const each of own) {
        pairs.delete(pairKey(each.number, previousBsuid));
        each.bsuid = bsuid;
        for (const message of each.chat) message.bsuid = bsuid;
        pairs.set(pairKey(each.number, bsuid), each);
      }
      Object.assign(person, { bsuid, phone });
      if (previousParentBsuid !== undefined) person.parentBsuid = parentBsuidOf(phone);
      people.set(bsuid, person);
      byPhone.set(phone, bsuid);
      return {
        previousBsuid,
        ...(previousParentBsuid !== undefined && { previousParentBsuid }),
        ...(previousPhone !== undefined && { previousPhone }),
      };
    },
    pair,
    pairsOf: (bsuid) => [...(pairsByPerson.get(bsuid) ?? [])],
    noteInbound(number, person, sentAt) {
      const each = pair(number, person.bsuid);
      each.lastInboundAt = Math.max(each.lastInboundAt ?? 0, sentAt.getTime());
    },
    noteAdClick(number, person, at) {
      pair(number, person.bsuid).adClickedAt = at.getTime();
    },
    isWindowOpen: (number, person) => isOpen(pair(number, person.bsuid)),
    accept(input) {
      const { number, call } = input;
      const person = meet(call.to);
      const each = pair(number, person.bsuid);
      const isWindowOpen = isOpen(each);
      if (call.type !== 'template' && !isWindowOpen) return graphError(131047);
      const limited = limitError(each, input, isWindowOpen);
      if (limited) return limited;
      const isReaction = call.type === 'reaction';
      const priced = isReaction ? undefined : price(each, input, isWindowOpen);
      const at = time.now();
      const message: SentMessage = {
        wamid: newWamid(),
        person: { ...person },
        wasSentToPhone: 'phone' in call.to,
        ...(call.callbackData !== undefined && { callbackData: call.callbackData }),
        ...(priced && { pricing: priced.pricing }),
        ...(priced && showsConversation(at, webhookVersion, priced) && { conversation: conversationOf(priced) }),
      };
      const view: ChatMessage = {
        wamid: message.wamid,
        phoneNumberId: number.phoneNumberId,
        bsuid: person.bsuid,
        at: at.getTime(),
        from: 'business',
        type: call.type,
        content: call.content,
        ...(input.template && { template: input.template }),
        ...(call.replyTo !== undefined && { replyTo: call.replyTo }),
        status: 'accepted',
        reactions: {},
        ...(priced && { price: priceLabel(priced) }),
        ...(isReaction && { isHidden: true }),
      };
      keep(each, view);
      const plan: StatusPlanInput = {
        ...input.plan,
        kind: isReaction ? 'reaction' : isVoiceNote(call) ? 'voice' : 'message',
        isOnline: person.isOnline,
        isRead: person.readsAtOnce && !person.hidesReading,
        hasPlayed: at >= PLAYED_SINCE,
      };
      return { message, plan, view, sentAt: at.getTime(), timeToLiveMs: input.timeToLiveMs };
    },
    keep,
    message: (wamid) => messages.get(wamid),
    clear() {
      for (const store of [byPhone, people, pairs, pairsByPerson, messages, used, numberDueAt, reachedOut])
        store.clear();
    },
  };
}

function conversationOf({ conversation, pricing }: Priced): Conversation {
  // v23 and older after July 2025: a conversation of its own for every message.
  return (
    conversation ?? {
      id: randomUUID().replaceAll('-', ''),
      category: pricing.category,
      expiresAt: new Date(0),
      isFree: !pricing.billable,
    }
  );
}

function priceLabel({ pricing: { category, billable, type } }: Priced): string {
  return `${category.replaceAll('_', ' ')}: ${billable ? 'charged' : (type ?? 'free').replaceAll('_', ' ')}`;
}

function isVoiceNote({ type, content }: MessageCall): boolean {
  return type === 'audio' && (content as { voice?: unknown }).voice === true;
}

function pairKey(number: Pick<PhoneNumber, 'phoneNumberId'>, bsuid: string): string {
  return `${number.phoneNumberId} ${bsuid}`;
}
