import { templateCategoryChanged, type Envelope, type TemplateCategoryChanged } from '@fenster/contracts';
import { causedBy, defineConsumer, on, type Tx } from '@fenster/database';
import { alertOfTemplate } from './alert.rule.js';
import { raiseAlerts } from './raise-alerts.js';

const NAME = 'billing-template-drifts';
/** What is older is no news: so is all that a new consumer begins with. */
const NEWS_MS = 7 * 86_400_000;

export const templateDriftsConsumer = defineConsumer({
  name: NAME,
  filter: 'channels.template.category_changed.>',
  subscriptions: [on(templateCategoryChanged, alertOfDrifts)],
});

async function alertOfDrifts(tx: Tx, events: readonly Envelope<TemplateCategoryChanged>[]): Promise<void> {
  const news = events.filter(({ occurredAt }) => Date.parse(occurredAt) > tx.now().getTime() - NEWS_MS);
  const alerts = news.flatMap((event) => {
    const { id, workspaceId, data } = event;
    const alert = alertOfTemplate(id, data);
    return alert ? [{ workspaceId, origin: causedBy(event, NAME), ...alert }] : [];
  });
  await raiseAlerts(tx, alerts);
}
