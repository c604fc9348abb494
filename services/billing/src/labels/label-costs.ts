import { sql } from '@fenster/database';

const KEYS = [
  'booked_on',
  'channel_id',
  'author_id',
  'team_id',
  'template',
  'newsletter_id',
  'line',
  'category',
  'market',
  'free_reason',
  'currency',
];
const FIGURES = ['amount_micros', 'messages', 'expected_micros', 'expected_messages'];

/**
 * A statement that adds what conversations have cost to the sums of labels, or takes it away: `changes` is a table of
 * `workspace_id`, `conversation_id`, `label_id`, and `times`, 1 or -1. Whoever runs it has locked the workspaces for closing.
 */
export function addLabelCosts(changes: string): ReturnType<typeof sql> {
  const key = sql.raw(['workspace_id', 'label_id', ...KEYS].join(', '));
  return sql`
    insert into label_cost_by_day as known (${key}, ${sql.raw(FIGURES.join(', '))})
    select ${key}, ${sql.raw(FIGURES.map((name) => `sum(times * ${name})`).join(', '))}
    from ${sql.table(changes)} join charge using (workspace_id, conversation_id)
    group by ${key} order by ${key}
    on conflict (${key}) do update set
      ${sql.raw(FIGURES.map((name) => `${name} = known.${name} + excluded.${name}`).join(', '))}
  `;
}
