import { hash } from 'node:crypto';
import { templateStatus, type TemplateCategory } from '@fenster/contracts';
import type { ProviderTemplate, TemplateNews } from '../providers/provider.js';
import type { SubmittedTemplate } from './template-definition.rule.js';
import type { TemplateState } from './template.row.js';

/**
 * What webhooks tell has the time when it happened, in whole seconds; of two things in one second that counts which
 * comes later in the life of a template. So news may come in any order and any number of times.
 */
type Moment = Date;

const SECOND_MS = 1_000;
/** In a second that says nothing of before and after: later in the life of a template is later. */
const LIFE = new Map(templateStatus.options.map((status, index) => [status, index]));

/** What is done comes after what was announced, and after what was read in the same second. */
const RANKS = { read: 0, announced: 1, done: 2 } as const;

/** @param rank less than a second has milliseconds. */
function momentOf(at: Date, rank: number): Moment {
  return new Date(Math.floor(at.getTime() / SECOND_MS) * SECOND_MS + rank);
}

/** The state after the news. */
export function applyNews(state: TemplateState, news: TemplateNews, at: Date): TemplateState {
  const next = { ...state };
  if (news.providerTemplateId !== undefined) next.providerTemplateId = laterId(state, news.providerTemplateId);
  if (news.status) applyStatus(next, news.status, momentOf(at, LIFE.get(news.status.status)!));
  if (news.category) {
    const { category, previous = null } = news.category;
    applyCategory(next, category, previous, momentOf(at, RANKS.done));
    applyAnnouncement(next, null, null, momentOf(at, RANKS.done));
  }
  if (news.announcement) {
    const { category, at: announcedFor } = news.announcement;
    applyAnnouncement(next, category, announcedFor, momentOf(at, RANKS.announced));
  }
  if (news.quality && isLater(state.qualityAsOf, at, state.quality, news.quality)) {
    Object.assign(next, { quality: news.quality, qualityAsOf: at });
  }
  return next;
}

/** The state after it was read from the provider at that time: all of it. */
export function applyReading(state: TemplateState, read: ProviderTemplate, at: Date): TemplateState {
  const next = { ...state, providerTemplateId: read.providerTemplateId };
  const { status, rejection, category, previousCategory, announcedCategory = null, quality, timeToLiveSeconds } = read;
  // A list tells the reason in a word, the webhook before it in a sentence.
  const isSame = status === state.status && status === 'REJECTED';
  applyStatus(
    next,
    { status, rejection: (isSame ? state.rejection : null) ?? rejection },
    momentOf(at, LIFE.get(status)!),
  );
  const isChange = state.categoryAsOf !== null && category !== state.category;
  const previous = previousCategory ?? (isChange ? state.category : state.previousCategory);
  applyCategory(next, category, previous, momentOf(at, RANKS.read));
  const announcedFor =
    announcedCategory !== null && announcedCategory === state.announcedCategory ? state.announcedFor : null;
  applyAnnouncement(next, announcedCategory, announcedFor, momentOf(at, RANKS.read));
  if (isLater(state.qualityAsOf, at, state.quality, quality)) Object.assign(next, { quality, qualityAsOf: at });
  if (state.definitionAsOf === null || state.definitionAsOf <= at) {
    const { parameterFormat, definition } = read;
    Object.assign(next, {
      parameterFormat,
      definition,
      timeToLiveSeconds: timeToLiveSeconds ?? null,
      definitionAsOf: at,
    });
  }
  return next;
}

/** The state after the provider took a template for review at that time. */
export function applySubmission(
  state: TemplateState,
  submitted: SubmittedTemplate,
  accepted: Pick<ProviderTemplate, 'providerTemplateId' | 'status' | 'category'>,
  at: Date,
): TemplateState {
  const { providerTemplateId, status, category } = accepted;
  const { parameterFormat, definition, timeToLiveSeconds = null } = submitted;
  const next: Next = {
    ...state,
    providerTemplateId,
    parameterFormat,
    definition,
    timeToLiveSeconds,
    definitionAsOf: at,
    submissionHash: hashOf(submitted),
  };
  applyStatus(next, { status, rejection: null }, momentOf(at, LIFE.get(status)!));
  applyCategory(next, category, null, momentOf(at, RANKS.read));
  return next;
}

/** Tells whether the same is submitted once more: what the provider tells of a template later is not word for word that. */
export function hashOf({ category, parameterFormat, definition, timeToLiveSeconds }: SubmittedTemplate): string {
  return hash('sha256', JSON.stringify([category, parameterFormat, definition, timeToLiveSeconds ?? null]));
}

/** The state after the provider no longer listed it at that time. */
export function applyAbsence(state: TemplateState, at: Date): TemplateState {
  const next = { ...state };
  applyStatus(next, { status: 'DELETED', rejection: null }, momentOf(at, 0));
  return next;
}

type Next = { -readonly [K in keyof TemplateState]: TemplateState[K] };

function applyStatus(
  next: Next,
  { status, rejection }: Pick<TemplateState, 'status' | 'rejection'>,
  asOf: Moment,
): void {
  const [known, told] = [wordsOf(next.rejection), wordsOf(rejection)];
  if (isLater(next.statusAsOf, asOf, known, told)) Object.assign(next, { status, rejection, statusAsOf: asOf });
}

function applyCategory(
  next: Next,
  category: TemplateCategory,
  previousCategory: TemplateCategory | null,
  asOf: Moment,
): void {
  const [known, told] = [`${next.category} ${next.previousCategory}`, `${category} ${previousCategory}`];
  if (isLater(next.categoryAsOf, asOf, known, told)) {
    Object.assign(next, { category, previousCategory, categoryAsOf: asOf });
  }
}

function applyAnnouncement(
  next: Next,
  announcedCategory: TemplateCategory | null,
  announcedFor: Date | null,
  asOf: Moment,
): void {
  const known = `${next.announcedCategory} ${next.announcedFor?.toISOString()}`;
  const told = `${announcedCategory} ${announcedFor?.toISOString()}`;
  if (isLater(next.announcementAsOf, asOf, known, told)) {
    Object.assign(next, { announcedCategory, announcedFor, announcementAsOf: asOf });
  }
}

const wordsOf = (rejection: TemplateState['rejection']) =>
  rejection ? `${rejection.reason}\n${rejection.advice ?? ''}` : '';

/** Of the same moment always the same word counts, whichever came first. */
function isLater(knownAsOf: Date | null, asOf: Date, known: string, told: string): boolean {
  if (knownAsOf === null) return true;
  return knownAsOf.getTime() === asOf.getTime() ? known < told : knownAsOf < asOf;
}

/** A template that was deleted and submitted again has another id at the provider; ids grow. */
function laterId({ providerTemplateId: known }: TemplateState, told: string): string {
  if (known === null) return told;
  return known.length === told.length ? (known < told ? told : known) : known.length < told.length ? told : known;
}

/** What a change means for what the template costs, and for the consent that it needs. */
export interface CategoryDrift {
  from: TemplateCategory;
  to: TemplateCategory;
  phase: 'ANNOUNCED' | 'DONE';
  effectiveAt: Date | null;
}

export function driftsBetween(before: TemplateState, after: TemplateState): CategoryDrift[] {
  const { category: from, categoryAsOf: knownSince, announcedCategory } = before;
  const drifts: CategoryDrift[] = [];
  if (knownSince !== null && after.category !== from) {
    const effectiveAt = after.categoryAsOf && momentOf(after.categoryAsOf, 0);
    drifts.push({ from, to: after.category, phase: 'DONE', effectiveAt });
  }
  const { announcedCategory: to, announcedFor, category } = after;
  if (to !== null && to !== announcedCategory && to !== category) {
    drifts.push({ from: category, to, phase: 'ANNOUNCED', effectiveAt: announcedFor });
  }
  return drifts;
}
