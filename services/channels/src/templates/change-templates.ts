import { templateCategoryChanged, templateChanged } from '@fenster/contracts';
import { sql, unnest, type Origin, type Tx } from '@fenster/database';
import { newId } from '@fenster/runtime';
import { isDeepStrictEqual } from 'node:util';
import { driftsBetween, type CategoryDrift } from './template-news.rule.js';
import { UNTOLD, type Template, type TemplateState } from './template.row.js';

/** Which template, and what becomes of it. */
export interface TemplateChange {
  workspaceId: string;
  accountId: string;
  name: string;
  language: string;
  /** Applied to the state as it is once its row is locked. */
  change: (state: TemplateState) => TemplateState;
  origin?: Origin | undefined;
}

export const TEMPLATE_COLUMNS = sql.raw(`
  workspace_id as "workspaceId", id, account_id as "accountId", name, language,
  provider_template_id as "providerTemplateId", status, rejection, status_as_of as "statusAsOf", category,
  previous_category as "previousCategory", category_as_of as "categoryAsOf", announced_category as "announcedCategory",
  announced_for as "announcedFor", announcement_as_of as "announcementAsOf", quality, quality_as_of as "qualityAsOf",
  parameter_format as "parameterFormat", definition, time_to_live_seconds as "timeToLiveSeconds",
  definition_as_of as "definitionAsOf", submission_hash as "submissionHash", created_at as "createdAt", changed_at as "changedAt"
`);

const STATE_COLUMNS = {
  provider_template_id: 'text',
  status: 'text',
  rejection: 'jsonb',
  status_as_of: 'timestamptz',
  category: 'text',
  previous_category: 'text',
  category_as_of: 'timestamptz',
  announced_category: 'text',
  announced_for: 'timestamptz',
  announcement_as_of: 'timestamptz',
  quality: 'text',
  quality_as_of: 'timestamptz',
  parameter_format: 'text',
  definition: 'jsonb',
  time_to_live_seconds: 'int',
  definition_as_of: 'timestamptz',
  submission_hash: 'text',
} as const;

function stateRow(state: TemplateState): Record<keyof typeof STATE_COLUMNS, unknown> {
  return {
    provider_template_id: state.providerTemplateId,
    status: state.status,
    rejection: state.rejection,
    status_as_of: state.statusAsOf,
    category: state.category,
    previous_category: state.previousCategory,
    category_as_of: state.categoryAsOf,
    announced_category: state.announcedCategory,
    announced_for: state.announcedFor,
    announcement_as_of: state.announcementAsOf,
    quality: state.quality,
    quality_as_of: state.qualityAsOf,
    parameter_format: state.parameterFormat,
    definition: state.definition,
    time_to_live_seconds: state.timeToLiveSeconds,
    definition_as_of: state.definitionAsOf,
    submission_hash: state.submissionHash,
  };
}

const keyOf = ({ workspaceId, accountId, name, language }: Omit<TemplateChange, 'change'>) =>
  `${workspaceId} ${accountId} ${name} ${language}`;

/**
 * The one way in which templates change, whoever knows of it: their rows are locked, the missing ones made, and what is
 * not as it was is told. Few statements, however many templates. Returns them as they are now.
 */
export async function changeTemplates(tx: Tx, changes: readonly TemplateChange[]): Promise<Template[]> {
  if (changes.length === 0) return [];
  const subjects = new Map(changes.map((change) => [keyOf(change), change]));
  await insertMissing(tx, [...subjects.values()]);
  const known = await lockTemplates(tx, [...subjects.values()]);
  const now = new Map(known);
  const origins = new Map<string, Origin>();
  for (const { change, origin, ...subject } of changes) {
    const key = keyOf(subject);
    const template = now.get(key)!;
    const state = change(template);
    now.set(key, { ...template, ...state });
    if (origin) origins.set(key, origin);
  }
  const at = tx.now();
  const renewed = [...now].filter(([key, template]) => !isDeepStrictEqual(known.get(key), template));
  const changed = renewed.filter(([key, template]) => !isDeepStrictEqual(shown(known.get(key)!), shown(template)));
  for (const [key, template] of changed) {
    template.changedAt = at;
    const origin = origins.get(key);
    tellTemplate(tx, template, origin);
    for (const drift of driftsBetween(known.get(key)!, template)) tellDrift(tx, template, drift, origin);
  }
  await storeTemplates(
    tx,
    renewed.map(([, template]) => template),
  );
  return [...now.values()];
}

/** All but since when it is known. */
function shown({
  statusAsOf: _1,
  categoryAsOf: _2,
  announcementAsOf: _3,
  qualityAsOf: _4,
  definitionAsOf: _5,
  ...rest
}: Template) {
  return rest;
}

export function tellTemplate(tx: Tx, template: Template, origin?: Origin): void {
  const { workspaceId, id, accountId, name, language, status, category, quality, parameterFormat, definition } =
    template;
  const about = { templateId: id, accountId, name, language, status, category, quality, parameterFormat };
  tx.emit(templateChanged, {
    entityId: id,
    workspaceId,
    ...(origin && { origin }),
    data: { ...about, ...(definition && { definition }) },
  });
}

export function tellDrift(
  tx: Tx,
  { workspaceId, id, name, language }: Template,
  { effectiveAt, ...drift }: CategoryDrift,
  origin?: Origin,
): void {
  tx.emit(templateCategoryChanged, {
    entityId: id,
    workspaceId,
    ...(origin && { origin }),
    data: { templateId: id, name, language, ...drift, ...(effectiveAt && { effectiveAt: effectiveAt.toISOString() }) },
  });
}

async function insertMissing(tx: Tx, subjects: readonly Omit<TemplateChange, 'change'>[]): Promise<void> {
  const now = tx.now();
  const columns = { workspace_id: 'uuid', id: 'uuid', account_id: 'text', name: 'text', language: 'text' } as const;
  const rows = subjects.map(({ workspaceId, accountId, name, language }) => ({
    workspace_id: workspaceId,
    id: newId(),
    account_id: accountId,
    name,
    language,
    ...stateRow(UNTOLD),
  }));
  await sql`
    insert into template (workspace_id, id, account_id, name, language, ${sql.join(Object.keys(STATE_COLUMNS).map((name) => sql.ref(name)))},
      created_at, changed_at, told_at)
    select input.*, ${now}::timestamptz, ${now}::timestamptz, ${now}::timestamptz
    from ${unnest('input', { ...columns, ...STATE_COLUMNS }, rows)}
    order by workspace_id, account_id, name, language
    on conflict (workspace_id, account_id, name, language) do nothing
  `.execute(tx.sql);
}

async function lockTemplates(
  tx: Tx,
  subjects: readonly Omit<TemplateChange, 'change'>[],
): Promise<Map<string, Template>> {
  const { rows } = await sql<Template>`
    select ${TEMPLATE_COLUMNS} from template
    where (workspace_id, account_id, name, language) in (
      select workspace_id, account_id, name, language from ${unnest(
        'input',
        { workspace_id: 'uuid', account_id: 'text', name: 'text', language: 'text' },
        subjects.map(({ workspaceId, accountId, name, language }) => ({
          workspace_id: workspaceId,
          account_id: accountId,
          name,
          language,
        })),
      )}
    )
    order by id for update
  `.execute(tx.sql);
  return new Map(rows.map((row) => [keyOf(row), row]));
}

async function storeTemplates(tx: Tx, templates: readonly Template[]): Promise<void> {
  if (templates.length === 0) return;
  const names = Object.keys(STATE_COLUMNS);
  await sql`
    update template set ${sql.join(names.map((name) => sql`${sql.ref(name)} = input.${sql.ref(name)}`))},
      changed_at = input.changed_at, told_at = greatest(told_at, input.changed_at)
    from ${unnest(
      'input',
      { workspace_id: 'uuid', id: 'uuid', changed_at: 'timestamptz', ...STATE_COLUMNS },
      templates.map((template) => ({
        workspace_id: template.workspaceId,
        id: template.id,
        changed_at: template.changedAt,
        ...stateRow(template),
      })),
    )}
    where template.workspace_id = input.workspace_id and template.id = input.id
  `.execute(tx.sql);
}
