import { optOutWordsChosen, type Envelope, type OptOutWordsChosen } from '@fenster/contracts';
import { defineConsumer, on, sql, unnest, type Tx } from '@fenster/database';

/** By which words the template of a newsletter may tell how to end marketing. */
export const newsletterOptOutWordsConsumer = defineConsumer({
  name: 'contacts-newsletter-opt-out-words',
  filter: 'conversation.opt_out_words.chosen.>',
  subscriptions: [on(optOutWordsChosen, storeWords)],
});

/** Each event says all words of its workspace, so only the last one of a batch counts. */
async function storeWords(tx: Tx, events: readonly Envelope<OptOutWordsChosen>[]): Promise<void> {
  const latest = new Map(events.map((event) => [event.workspaceId, event.data.words]));
  await sql`
    insert into newsletter_opt_out_words (workspace_id, words)
    select * from ${unnest(
      'input',
      { workspace_id: 'uuid', words: 'jsonb' },
      [...latest].map(([workspace_id, words]) => ({ workspace_id, words })),
    )}
    on conflict (workspace_id) do update set words = excluded.words
  `.execute(tx.sql);
}
