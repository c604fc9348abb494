import { templateCategoryChanged } from '../templates.js';
import { defineEvent, type EventData } from '../define-event.js';

export const templateCategoryTold = defineEvent({
  name: 'conversation.template.category_told',
  version: 1,
  dataClass: 'operational',
  description: 'Those who work in the inbox are told of `channels.template.category_changed`.',
  schema: templateCategoryChanged.schema,
});
export type TemplateCategoryTold = EventData<typeof templateCategoryTold>;
