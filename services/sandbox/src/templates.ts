import { newId } from './media.js';
import { graphError, parameterError, type GraphError } from './graph/graph-error.js';
import type { Category, TemplateDefinition } from './rules/template-definition.js';
import type { SimulatedTime } from './time.js';

export type TemplateStatus =
  | 'PENDING'
  | 'APPROVED'
  | 'REJECTED'
  | 'PAUSED'
  | 'DISABLED'
  | 'IN_APPEAL'
  | 'LIMIT_EXCEEDED'
  | 'ARCHIVED'
  | 'PENDING_DELETION'
  | 'DELETED';

/** `event` of `message_template_status_update`, and what becomes of the template. */
export const TEMPLATE_EVENTS = {
  APPROVED: 'APPROVED',
  REJECTED: 'REJECTED',
  PENDING: 'PENDING',
  PAUSED: 'PAUSED',
  DISABLED: 'DISABLED',
  FLAGGED: undefined,
  REINSTATED: 'APPROVED',
  ARCHIVED: 'ARCHIVED',
  UNARCHIVED: 'APPROVED',
  IN_APPEAL: 'IN_APPEAL',
  LOCKED: 'DISABLED',
  LIMIT_EXCEEDED: 'LIMIT_EXCEEDED',
  PENDING_DELETION: 'PENDING_DELETION',
  DELETED: 'DELETED',
} as const satisfies Record<string, TemplateStatus | undefined>;
export type TemplateEvent = keyof typeof TEMPLATE_EVENTS;

export const QUALITY_SCORES = ['GREEN', 'YELLOW', 'RED', 'UNKNOWN'] as const;
export type QualityScore = (typeof QUALITY_SCORES)[number];

export interface Template extends TemplateDefinition {
  id: string;
  wabaId: string;
  status: TemplateStatus;
  rejectedReason: string;
  quality: QualityScore;
  qualityAt: Date;
  previousCategory?: Category;
  correctCategory?: Category;
  pauses: number;
  /** When it was edited since it was approved: 10 edits in 30 days, one in 24 hours. */
  editedAt: number[];
}

export interface TemplateOptions {
  time: SimulatedTime;
  reviewAfterMs: number;
  /** Per account: 250 unverified, 6,000 verified. */
  maxPerAccount: number;
  /** Emits a webhook of the account. */
  emit: (wabaId: string, field: string, value: object) => void;
}

export interface Templates {
  of(wabaId: string): Template[];
  get(id: string): Template | undefined;
  find(wabaId: string, name: string, language: string): Template | undefined;
  /** What is there from the beginning: approved, and nobody is told. */
  seed(wabaId: string, definition: TemplateDefinition): Template;
  create(wabaId: string, definition: TemplateDefinition): Template | GraphError;
  edit(
    template: Template,
    change: Partial<Pick<Template, 'category' | 'components' | 'timeToLiveSeconds'>>,
  ): GraphError | undefined;
  /** All languages of a name, or one id. */
  delete(templates: readonly Template[]): void;
  /** What Meta decides, by webhook. */
  decide(template: Template, event: TemplateEvent, reason?: string): void;
  rate(template: Template, score: QualityScore): void;
  /** At once, or announced 24 hours before (§B3). */
  recategorise(template: Template, category: Category, noticeMs: number): void;
  /** Pauses for 3 hours, then 6, then disables, as low quality does. */
  pause(template: Template): void;
  clear(): void;
}

const HOUR_MS = 3_600_000;
const PAUSES_MS = [3 * HOUR_MS, 6 * HOUR_MS];

export function createTemplates({ time, reviewAfterMs, maxPerAccount, emit }: TemplateOptions): Templates {
  const all = new Map<string, Template>();
  /** The review that waits, by template. */
  const reviews = new Map<string, () => void>();

  const of = (wabaId: string) => [...all.values()].filter((template) => template.wabaId === wabaId);
  const about = (template: Template) => ({
    message_template_id: Number(template.id),
    message_template_name: template.name,
    message_template_language: template.language,
  });

  const decide = (template: Template, event: TemplateEvent, reason = 'NONE') => {
    if (all.get(template.id) !== template && event !== 'DELETED') return;
    reviews.get(template.id)?.();
    reviews.delete(template.id);
    template.status = TEMPLATE_EVENTS[event] ?? template.status;
    template.rejectedReason = event === 'REJECTED' ? reason : 'NONE';
    emit(template.wabaId, 'message_template_status_update', {
      event,
      ...about(template),
      message_template_category: template.category,
      reason: event === 'APPROVED' ? null : reason,
      ...(event === 'REJECTED' && {
        rejection_info: {
          reason: `The template was rejected: ${reason}.`,
          recommendation: 'Change it and submit it again.',
        },
      }),
      ...(event === 'DISABLED' && { disable_info: { disable_date: String(Math.floor(time.now().getTime() / 1_000)) } }),
      ...(event === 'PAUSED' && { other_info: { title: pauseTitle(template.pauses), description: 'Low quality.' } }),
    });
  };
  const review = (template: Template) => {
    template.status = 'PENDING';
    reviews.get(template.id)?.();
    reviews.set(
      template.id,
      time.schedule(reviewAfterMs, () => decide(template, 'APPROVED')),
    );
  };
  const add = (wabaId: string, definition: TemplateDefinition, status: TemplateStatus): Template => {
    const template: Template = {
      ...definition,
      id: newId(),
      wabaId,
      status,
      rejectedReason: 'NONE',
      quality: 'UNKNOWN',
      qualityAt: time.now(),
      pauses: 0,
      editedAt: [],
    };
    all.set(template.id, template);
    return template;
  };
  const change = (template: Template, category: Category) => {
    const previous = template.category;
    template.previousCategory = previous;
    template.category = category;
    delete template.correctCategory;
    emit(template.wabaId, 'template_category_update', {
      ...about(template),
      previous_category: previous,
      new_category: category,
    });
  };

  return {
    of,
    get: (id) => all.get(id),
    find: (wabaId, name, language) =>
      of(wabaId).find((template) => template.name === name && template.language === language.replace('-', '_')),
    seed: (wabaId, definition) => add(wabaId, definition, 'APPROVED'),
    create(wabaId, definition) {
      const own = of(wabaId);
      if (own.length >= maxPerAccount) {
        return {
          ...parameterError('Template limit reached'),
          subcode: 2_388_019,
          userTitle: 'Template limit exceeded',
        };
      }
      const sameName = own.filter((template) => template.name === definition.name);
      if (sameName.some((template) => template.language === definition.language)) {
        return {
          ...parameterError('Invalid parameter'),
          subcode: 2_388_024,
          userTitle: 'Content in This Language Already Exists',
          userMessage: `There is already ${definition.language} content for this template.`,
        };
      }
      const template = add(wabaId, definition, 'PENDING');
      review(template);
      return template;
    },
    edit(template, changes) {
      const now = time.now().getTime();
      if (!['APPROVED', 'REJECTED', 'PAUSED'].includes(template.status)) {
        return { ...parameterError('Invalid parameter'), subcode: 2_388_025, userTitle: 'Template cannot be edited' };
      }
      if (template.status === 'APPROVED') {
        const recent = template.editedAt.filter((at) => now - at < 30 * 24 * HOUR_MS);
        if (recent.length >= 10 || recent.some((at) => now - at < 24 * HOUR_MS)) {
          return {
            ...graphError(100, 'An approved template can be edited once in 24 hours and 10 times in 30 days.'),
            subcode: 2_388_186,
            userTitle: 'Edit limit reached',
          };
        }
        if (changes.category !== undefined && changes.category !== template.category) {
          return {
            ...parameterError('Invalid parameter'),
            subcode: 2_388_187,
            userTitle: 'Category cannot be changed',
          };
        }
        template.editedAt = [...recent, now];
      }
      Object.assign(template, changes);
      review(template);
      return undefined;
    },
    delete(templates) {
      for (const template of templates) {
        all.delete(template.id);
        decide(template, 'DELETED');
      }
    },
    decide,
    rate(template, score) {
      const previous = template.quality;
      template.quality = score;
      template.qualityAt = time.now();
      emit(template.wabaId, 'message_template_quality_update', {
        previous_quality_score: previous,
        new_quality_score: score,
        ...about(template),
      });
    },
    recategorise(template, category, noticeMs) {
      if (noticeMs === 0) return change(template, category);
      template.correctCategory = category;
      emit(template.wabaId, 'template_category_update', {
        ...about(template),
        // Meta's names: `new_category` is the present one, `correct_category` the one that comes.
        new_category: template.category,
        correct_category: category,
        category_update_timestamp: Math.floor((time.now().getTime() + noticeMs) / 1_000),
      });
      time.schedule(noticeMs, () => {
        if (all.get(template.id) === template && template.correctCategory === category) change(template, category);
      });
    },
    pause(template) {
      const length = PAUSES_MS[template.pauses];
      template.pauses++;
      if (length === undefined) return decide(template, 'DISABLED');
      decide(template, 'PAUSED');
      reviews.set(
        template.id,
        time.schedule(length, () => decide(template, 'APPROVED')),
      );
    },
    clear() {
      for (const cancel of reviews.values()) cancel();
      reviews.clear();
      all.clear();
    },
  };
}

function pauseTitle(pauses: number): string {
  return pauses === 1 ? 'FIRST_PAUSE' : 'SECOND_PAUSE';
}

/** A template as the Graph API tells it. */
export function templateBody(template: Template): Record<string, unknown> {
  const { id, name, language, category, status, components, parameterFormat, rejectedReason } = template;
  return {
    id,
    name,
    language,
    category,
    status,
    components,
    parameter_format: parameterFormat,
    rejected_reason: rejectedReason,
    quality_score: { score: template.quality, date: Math.floor(template.qualityAt.getTime() / 1_000) },
    ...(template.previousCategory && { previous_category: template.previousCategory }),
    ...(template.correctCategory && { correct_category: template.correctCategory }),
    ...(template.timeToLiveSeconds !== undefined && { message_send_ttl_seconds: template.timeToLiveSeconds }),
  };
}
