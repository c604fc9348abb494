import {
  templateCategory,
  templateLanguage,
  templateQuality,
  templateStatus,
  type TemplateCategory,
  type TemplateQuality,
  type TemplateStatus,
} from '@fenster/contracts';
import { isObject, optionalText, type JsonObject } from '../json.js';
import type { TemplateNews, TemplateRejection } from '../provider.js';
import { wordOf } from './number.js';

/** Those fields of whatsapp.md §A8 that say what became of a template; undefined for others, and where nothing is said that is known. */
export function templateNewsOf(field: string, value: unknown): TemplateNews | undefined {
  const read = READERS.get(field);
  if (!read || !isObject(value)) return undefined;
  const name = templateNameOf(value.message_template_name);
  const language = languageOf(value.message_template_language);
  if (name === undefined || language === undefined) return undefined;
  const facts = Object.fromEntries(Object.entries(read(value)).filter(([, fact]) => fact !== undefined));
  if (Object.keys(facts).length === 0) return undefined;
  const providerTemplateId = idOf(value.message_template_id);
  return { name, language, ...(providerTemplateId !== undefined && { providerTemplateId }), ...facts };
}

type Facts = { [K in keyof TemplateNews]?: TemplateNews[K] | undefined };

const READERS: ReadonlyMap<string, (value: JsonObject) => Facts> = new Map([
  ['message_template_status_update', statusNews],
  ['template_category_update', categoryNews],
  ['message_template_quality_update', qualityNews],
  // It says some of the words and none of the rest: what the template is now has to be read.
  ['message_template_components_update', (): Facts => ({ isReworded: true })],
]);

/** What an event leaves a template as. FLAGGED is a warning: it can still be sent. */
const EVENTS: Readonly<Record<string, TemplateStatus>> = {
  REINSTATED: 'APPROVED',
  UNARCHIVED: 'APPROVED',
  LOCKED: 'DISABLED',
};

function statusNews({ event, reason, rejection_info: info }: JsonObject): Facts {
  const word = wordOf(event);
  if (word === undefined || word === 'FLAGGED') return {};
  const status = EVENTS[word] ?? statusOf(word);
  return { status: { status, rejection: status === 'REJECTED' ? rejectionOf(reason, info) : null } };
}

/** Announced, `new_category` is what it is and `correct_category` what it will be; done, `new_category` is new. */
function categoryNews(value: JsonObject): Facts {
  const { new_category: now, previous_category: before, correct_category: next } = value;
  if (next != null)
    return { announcement: { category: categoryOf(next), at: momentOf(value.category_update_timestamp) } };
  if (now == null) return {};
  return { category: { category: categoryOf(now), ...(before != null && { previous: categoryOf(before) }) } };
}

function qualityNews({ new_quality_score: score }: JsonObject): Facts {
  return { quality: score === undefined ? undefined : qualityOf(score) };
}

export function templateNameOf(value: unknown): string | undefined {
  return typeof value === 'string' && /^[a-z0-9_]{1,512}$/.test(value) ? value : undefined;
}

export function languageOf(value: unknown): string | undefined {
  return typeof value === 'string' && /^[A-Za-z]{2,3}([_-][A-Za-z0-9]{2,4}){0,2}$/.test(value)
    ? templateLanguage(value)
    : undefined;
}

/** A number in webhooks, a text elsewhere. */
export function idOf(value: unknown): string | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value > 0 ? String(value) : undefined;
  return typeof value === 'string' && /^\d{1,32}$/.test(value) ? value : undefined;
}

export function statusOf(value: unknown): TemplateStatus {
  return templateStatus.catch('OTHER').parse(wordOf(value));
}
export function categoryOf(value: unknown): TemplateCategory {
  return templateCategory.catch('OTHER').parse(wordOf(value));
}
export function qualityOf(value: unknown): TemplateQuality {
  return templateQuality.catch('UNKNOWN').parse(wordOf(value));
}

export function rejectionOf(reason: unknown, info?: unknown): TemplateRejection | null {
  const word = optionalText(reason, 200);
  const said = isObject(info) ? optionalText(info.reason, 1_000) : undefined;
  const advice = isObject(info) ? optionalText(info.recommendation, 1_000) : undefined;
  const why = said ?? (word === 'NONE' ? undefined : word);
  if (why === undefined && advice === undefined) return null;
  return { reason: why ?? 'NONE', ...(advice !== undefined && { advice }) };
}

function momentOf(value: unknown): Date | null {
  const seconds = typeof value === 'string' ? Number(value) : value;
  const isMoment = typeof seconds === 'number' && Number.isSafeInteger(seconds) && seconds > 0 && seconds < 1e11;
  return isMoment ? new Date(seconds * 1_000) : null;
}
