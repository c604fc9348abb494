import type { Actor } from '@fenster/auth';
import { carriesOptOutHint, type ChannelCapabilities, type OutgoingContent, fillViolations } from '@fenster/contracts';
import { DomainError, invalidInput } from '@fenster/runtime';
import { checkBudgets, type BudgetStopFacts } from '../budgets/budget-gate.rule.js';
import { capabilityViolations, hasServiceWindow } from '../channels/capabilities.rule.js';
import type { Channel } from '../channels/channel.entity.js';
import type { Claim } from '../claims/claim.entity.js';
import { checkClaim } from '../claims/claim.rule.js';
import {
  answerTitles,
  isRequestTemplate,
  requestWording,
  type AskedText,
} from '../consent-requests/consent-request-words.rule.js';
import { checkAsk, type AskFacts } from '../consent-requests/may-ask.rule.js';
import { checkControl, type ControlState } from '../control/control.rule.js';
import type { QuotaLeft } from '../quotas/consume-quota.js';
import { quotaExceeded } from '../quotas/quota-exceeded.js';
import { checkConsent } from '../consents/consent-gate.rule.js';
import type { TemplateConsent } from '../consents/consent-facts.js';
import { decideStatus, type StatusFields } from '../status/status.rule.js';
import { isWindowOpen, type ServiceWindow } from '../threads/service-window.js';
import { fileViolations, type KnownFiles } from '../media/files-of-content.js';
import { templateNotUsable, whyUnusable, type KnownTemplate } from '../templates/template-state.rule.js';
import { violationsOf, type Violation } from './outgoing-content.rule.js';
import type { GivenContent } from './read-content.js';

/** What may be sent, as far as rules tell it apart. */
export const REPLY_KINDS = ['TEXT', 'REACTION', 'MEDIA', 'LOCATION', 'CONTACTS', 'INTERACTIVE', 'TEMPLATE'] as const;
export type ReplyKind = (typeof REPLY_KINDS)[number];

/** What grants of API keys call it. */
export function resourceOf(content: OutgoingContent): string {
  return content.kind === 'template' ? `template:${content.name}` : replyKindOf(content).toLowerCase();
}

export function replyKindOf({ kind }: Pick<OutgoingContent, 'kind'>): ReplyKind {
  switch (kind) {
    case 'text':
      return 'TEXT';
    case 'media':
      return 'MEDIA';
    case 'location':
      return 'LOCATION';
    case 'contacts':
      return 'CONTACTS';
    case 'template':
      return 'TEMPLATE';
    default:
      return 'INTERACTIVE';
  }
}

/** What somebody wants to send. */
export interface SendAttempt {
  by: Pick<Actor, 'kind' | 'id'>;
  /** Why they may not, if they may not. */
  forbidden?: DomainError | undefined;
  kind: ReplyKind;
  /** Absent where the question is about the kind alone. */
  content?: OutgoingContent | undefined;
  /** The files that the sender uploaded; where nobody asks for them, those of the content count as theirs. */
  files?: KnownFiles | undefined;
  /** What refusals call the content. `text` unless it says so. */
  contentField?: GivenContent['contentField'] | undefined;
  /** Not what a rule of Fenster sends: that reopens nothing. True unless it says so. */
  isReply?: boolean;
  /** It asks for a consent, with this text. */
  consentRequest?:
    | {
        text: AskedText & Pick<AskFacts, 'purpose' | 'purposeKind'>;
        /** When the person asked to be asked. */
        wishedAt: Date | null;
        formRequestId?: string | undefined;
      }
    | undefined;
  /** What the provider calls the message that it answers, if it answers one. */
  contextProviderMessageId?: string | undefined;
  /** Why it is sent although a budget is used up, by somebody who may say so. */
  budgetOverride?: string | undefined;
  /** Somebody else has approved that it leaves although a budget holds it. What stops messages stops it nevertheless. */
  isApproved?: boolean | undefined;
  /** What marketing is for, if not for marketing in general: that needs a consent of its own, too. */
  purpose?: string | undefined;
  /** The last `seq` that the sender had seen, if they care. */
  expectedLastSeq?: number | null | undefined;
}

/** What is so where it is to be sent. */
export interface SendState {
  now: Date;
  /** Absent if nothing is known of it: then it can send. */
  channel?:
    | (Pick<Channel, 'state' | 'stateReason'> &
        Partial<Pick<Channel, 'accountId' | 'capabilities' | 'stateReasonCode'>>)
    | null;
  window: Pick<ServiceWindow, 'expiresAt'>;
  lastSeq: number;
  channelId: string;
  conversation: StatusFields;
  /** The one that is to be sent, as it is now; null if there is none any more. */
  template?: KnownTemplate | null;
  /** A phone number of the person is known; true unless it says so. */
  hasPhone?: boolean;
  /** Another conversation of the thread is not resolved. */
  isAnotherOpen: boolean;
  control?: Pick<ControlState, 'controller'> | null;
  claim?: Claim | null;
  /** Of the person, where a template depends on it. */
  consent?: TemplateConsent | undefined;
  /** Of a consent that is asked for. */
  request?: Omit<AskFacts, 'isWindowOpen' | 'wishedAt' | 'now'> | undefined;
  /** Budgets of the conversation that are used up. */
  budgetStops?: readonly BudgetStopFacts[] | undefined;
  /** A free entry point of the thread has not ended. */
  isInEntryPoint?: boolean;
  /** The channel has free messages left: replies cost nothing. */
  isAllowanceLeft?: boolean;
  /** Of the API key, where one is limited. */
  quota?: QuotaLeft | undefined;
}

type Check = (attempt: SendAttempt, state: SendState) => DomainError | readonly DomainError[] | undefined;

/**
 * Why something may not be sent, in the order in which reasons are given. A new reason is one more check here, and what
 * it has to know one more field of {@link SendState}: nobody who sends has to be changed.
 */
const CHECKS: readonly Check[] = [
  ({ forbidden }) => forbidden,
  checkContent,
  checkCapabilities,
  checkTemplate,
  checkChannel,
  ({ by }, { control }) => refusalOf(() => control && checkControl(control, by)),
  ({ by }, { claim, now }) => refusalOf(() => checkClaim(claim, by, now)),
  checkSeen,
  checkReopening,
  checkWindow,
  checkTemplateConsent,
  checkConsentRequest,
  checkBudget,
  checkQuota,
];

/** The one gate in front of every message that leaves (promise 6): all reasons why it may not, or none. */
export function checkSend(attempt: SendAttempt, state: SendState): readonly DomainError[] {
  return CHECKS.flatMap((check) => check(attempt, state) ?? []);
}

function checkContent(
  { content, contentField = 'text', files }: SendAttempt,
  { channelId }: SendState,
): readonly DomainError[] {
  if (!content) return [];
  const violations = violationsOf(content);
  const all = violations.length > 0 || !files ? violations : fileViolations(content, files, channelId);
  return all.map((violation) => refusedField(contentField, violation));
}

/** Whether the channel can carry it at all. */
function checkCapabilities(
  { kind, content, contentField = 'text', contextProviderMessageId }: SendAttempt,
  { channel }: SendState,
): readonly DomainError[] {
  const capabilities = channel?.capabilities;
  if (!capabilities) return [];
  const refusals = content
    ? capabilityViolations(content, capabilities).map((violation) => refusedField(contentField, violation))
    : canCarry(kind, capabilities)
      ? []
      : [new DomainError('KIND_NOT_SENDABLE', 'This channel cannot carry this kind of message. Send a text instead.')];
  if (contextProviderMessageId === undefined || capabilities.quotes) return refusals;
  return [...refusals, invalidInput('replyToMessageId', 'must not be given: on this channel nothing can be quoted.')];
}

function canCarry(kind: ReplyKind, { contentKinds, reactions }: ChannelCapabilities): boolean {
  return kind === 'REACTION' ? reactions : contentKinds.some((each) => replyKindOf({ kind: each }) === kind);
}

function refusedField(contentField: GivenContent['contentField'], { path, message }: Violation): DomainError {
  const within = contentField === 'text' ? [] : path;
  return invalidInput([contentField, ...within].join('.'), message);
}

/** Whether there is such a template on this channel that can be sent now, and what is put into it fits. */
function checkTemplate(
  { content, contentField = 'content.template' }: SendAttempt,
  { template, channel, hasPhone = true, now }: SendState,
): readonly DomainError[] {
  if (content?.kind !== 'template') return [];
  if (template && channel?.accountId !== template.accountId) {
    return [invalidInput(`${contentField}.templateId`, 'must be a template of the channel.')];
  }
  const unusable = whyUnusable(template);
  if (!template || unusable) return [unusable ?? templateNotUsable('DELETED')];
  const violations = fillViolations(template, content, now).map((each) => refusedField(contentField, each));
  return template.category === 'AUTHENTICATION' && !hasPhone ? [...violations, phoneNeeded()] : violations;
}

/** WhatsApp sends one-time passwords to phone numbers alone (error 131062). */
function phoneNeeded(): DomainError {
  return new DomainError(
    'PHONE_NEEDED',
    'A template with a one-time password goes to a phone number only, and this person’s is not known. Ask them for it.',
  );
}

function checkChannel(_: SendAttempt, { channel }: SendState): DomainError | undefined {
  if (!channel || channel.state === 'ACTIVE') return undefined;
  const { state, stateReason = null, stateReasonCode = null } = channel;
  const message =
    state === 'DISABLED'
      ? 'An administrator has switched this number off. Answer once it is on again, or reach the customer another way.'
      : `This number cannot send: ${stateReason ?? 'the provider refuses it.'} Tell an administrator, who can repair the channel and switch it on again; then send.`;
  return new DomainError('CHANNEL_DOWN', message, { details: { channelState: state, stateReason, stateReasonCode } });
}

function checkSeen({ expectedLastSeq }: SendAttempt, { lastSeq }: SendState): DomainError | undefined {
  if (expectedLastSeq == null || expectedLastSeq === lastSeq) return undefined;
  return new DomainError('STALE_THREAD', 'Somebody wrote meanwhile. Read the new messages, then send again.', {
    field: 'expectedLastSeq',
  });
}

/** A reply reopens what is resolved. */
function checkReopening(
  { isReply = true }: SendAttempt,
  { conversation, ...facts }: SendState,
): DomainError | undefined {
  return isReply ? refusalOf(() => decideStatus(conversation, { kind: 'reply' }, facts)) : undefined;
}

function checkWindow({ kind }: SendAttempt, { channel, window, now }: SendState): DomainError | undefined {
  if (kind === 'TEMPLATE' || isWindowOpen(window, now) || !hasServiceWindow(channel?.capabilities)) return undefined;
  return new DomainError(
    'WINDOW_CLOSED',
    'The customer wrote more than 24 hours ago. Only an approved template may be sent until they write again.',
    { details: { expiredAt: window.expiresAt } },
  );
}

/** By the category that the template has now, whatever it was submitted for. */
function checkTemplateConsent(
  { content, purpose }: SendAttempt,
  { template, consent = NOTHING_KNOWN }: SendState,
): readonly DomainError[] {
  if (content?.kind !== 'template' || !template) return [];
  const { category, definition } = template;
  const refusal = checkConsent(category, consent.facts, purpose);
  const isMarketing = category !== 'UTILITY' && category !== 'AUTHENTICATION';
  const lacksHint = isMarketing && definition && !carriesOptOutHint(definition, consent.words);
  return [...(refusal ? [refusal] : []), ...(lacksHint ? [hintMissing()] : [])];
}

/** Then nobody has agreed to anything. */
const NOTHING_KNOWN: TemplateConsent = {
  facts: { phone: null, bsuid: null, threemaId: null, consents: [], optedOutAt: null, marketingStoppedAt: null },
  words: [],
};

function hintMissing(): DomainError {
  return new DomainError(
    'OPT_OUT_HINT_MISSING',
    'This marketing template does not tell how to end marketing. Add “Reply STOP to opt out” to its footer, or a button that says so, and submit it again.',
  );
}

/** Whether the person may be asked, and is asked with the published words and no others: no advertising gets into a question. */
function checkConsentRequest(
  { content, consentRequest }: SendAttempt,
  { request, template, window, channel, now }: SendState,
): DomainError | undefined {
  if (!consentRequest) return undefined;
  const { text, wishedAt } = consentRequest;
  if (!content || !request || !asksWith(text, content, template)) {
    throw new Error('A consent is asked for with its published text and nothing else.');
  }
  const isWindowOpenNow = isWindowOpen(window, now) || !hasServiceWindow(channel?.capabilities);
  return checkAsk({ ...request, wishedAt, isWindowOpen: isWindowOpenNow, now });
}

function asksWith(text: AskedText, content: OutgoingContent, template: SendState['template']): boolean {
  if (content.kind === 'template') return !!template?.definition && isRequestTemplate(template.definition, text);
  const titles = Object.values(answerTitles(text.locale));
  const isPlain = content.kind === 'text' && !content.previewUrl;
  const isAsked = content.kind === 'buttons' && !content.header && content.footer === undefined;
  const hasAnswers = content.kind !== 'buttons' || content.buttons.every(({ title }) => titles.includes(title));
  return (isPlain || isAsked) && hasAnswers && content.body === requestWording(text);
}

function checkBudget(
  { kind, content, budgetOverride, isApproved = false }: SendAttempt,
  { channel, template, budgetStops = [], isInEntryPoint = false, isAllowanceLeft = false }: SendState,
): DomainError | undefined {
  if (budgetOverride !== undefined) return undefined;
  const { capabilities } = channel ?? {};
  return checkBudgets(
    { kind, content, templateCategory: template?.category, capabilities, isInEntryPoint, isAllowanceLeft, isApproved },
    budgetStops,
  );
}

function checkQuota(_: SendAttempt, { quota }: SendState): DomainError | undefined {
  return quota && quota.left === 0 ? quotaExceeded(quota, quota.resetsAt) : undefined;
}

/** A rule of another feature, as a reason. */
function refusalOf(rule: () => unknown): DomainError | undefined {
  try {
    rule();
    return undefined;
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
}
