import { sendJson } from '@fenster/runtime';
import { readJson } from '../http/http.js';
import { isObject } from '../rules/json.js';
import { CATEGORIES, checkComponents, readDefinition, type Category } from '../rules/template-definition.js';
import { templateBody, type Template } from '../templates.js';
import { myAccount, type GraphContext } from './context.js';
import { paginate, parseFields, pick } from './fields.js';
import { isGraphError, parameterError, refuse, unknownObject } from './graph-error.js';

const DEFAULT_FIELDS = ['name', 'parameter_format', 'components', 'language', 'status', 'category', 'id']
  .concat('previous_category', 'correct_category', 'message_send_ttl_seconds')
  .join(',');

/** `GET /{waba}/message_templates` */
export function listTemplates(context: GraphContext, wabaId: string): void {
  const account = myAccount(context, wabaId);
  const { query, world, response, origin, path } = context;
  const only = (name: string) => {
    const value = query.get(name);
    // `status` may be a JSON list.
    return value === null ? undefined : value.replaceAll(/[[\]"'\s]/g, '').split(',');
  };
  const [names, languages, statuses, categories] = [only('name'), only('language'), only('status'), only('category')];
  const contains = query.get('name_or_content');
  const qualities = only('quality_score');
  const found = world.templates
    .of(account.id)
    .filter(
      (template) =>
        (names === undefined || names.includes(template.name)) &&
        (languages === undefined || languages.map((each) => each.replace('-', '_')).includes(template.language)) &&
        (statuses === undefined || statuses.includes(template.status)) &&
        (categories === undefined || categories.includes(template.category)) &&
        (qualities === undefined || qualities.includes(template.quality)) &&
        (contains === null ||
          template.name.includes(contains) ||
          JSON.stringify(template.components).includes(contains)),
    );
  const fields = parseFields(query.get('fields') ?? DEFAULT_FIELDS);
  const page = paginate(found, { query, keyOf: (template) => template.id, url: `${origin}${path}` });
  sendJson(response, 200, { ...page, data: page.data.map((template) => pick(templateBody(template), fields)) });
}

/** `POST /{waba}/message_templates` */
export async function createTemplate(context: GraphContext, wabaId: string): Promise<void> {
  const account = myAccount(context, wabaId);
  const definition = readDefinition(await readJson(context.request));
  if ('code' in definition) return refuse(definition);
  const created = context.world.templates.create(account.id, definition);
  if (isGraphError(created)) return refuse(created);
  context.world.live.publish('templates', undefined);
  sendJson(context.response, 200, { id: created.id, status: created.status, category: created.category });
}

/** `DELETE /{waba}/message_templates?name=` or with `hsm_id` (one language), or `hsm_ids` */
export function deleteTemplates(context: GraphContext, wabaId: string): void {
  const account = myAccount(context, wabaId);
  const { query, world, response } = context;
  const name = query.get('name');
  const ids = [
    query.get('hsm_id'),
    ...(query
      .get('hsm_ids')
      ?.replaceAll(/[[\]"\s]/g, '')
      .split(',') ?? []),
  ];
  const wanted = ids.filter((id) => id !== null && id !== '');
  if (name === null && wanted.length === 0) refuse(parameterError('The parameter name is required.'));
  const found = world.templates
    .of(account.id)
    .filter(
      (template) => (name === null || template.name === name) && (wanted.length === 0 || wanted.includes(template.id)),
    );
  if (found.length === 0) {
    refuse({
      ...parameterError('Invalid parameter'),
      subcode: 2_593_002,
      userTitle: 'Message Template Not Found',
      userMessage: 'The template does not exist.',
    });
  }
  world.templates.delete(found);
  sendJson(response, 200, { success: true });
}

export function myTemplate(context: GraphContext, id: string): Template | undefined {
  const template = context.world.templates.get(id);
  if (!template) return undefined;
  const numbers = context.world.numbers.numbersOf(template.wabaId);
  const isMine = numbers.some((number) => number.accessToken === context.token);
  return isMine ? template : refuse(unknownObject(id, context.method.toLowerCase()));
}

/** `GET /{template}` */
export function describeTemplate({ query, response }: GraphContext, template: Template): void {
  sendJson(response, 200, pick(templateBody(template), parseFields(query.get('fields') ?? DEFAULT_FIELDS)));
}

/** `POST /{template}` */
export async function editTemplate({ request, response, world }: GraphContext, template: Template): Promise<void> {
  const body = await readJson(request);
  if (!isObject(body)) return refuse(parameterError('The body must be a JSON object.'));
  const category = (body['category'] ?? template.category) as Category;
  if (!CATEGORIES.includes(category)) refuse(parameterError(`category must be one of ${CATEGORIES.join(', ')}.`));
  const { components } = body;
  if (components !== undefined) {
    const error = checkComponents(components, category, template.parameterFormat);
    if (error) refuse(error);
  }
  const ttl = body['message_send_ttl_seconds'];
  // Read as a whole, so that an edit passes the same checks as a submission.
  const definition = readDefinition({
    name: template.name,
    language: template.language,
    category,
    parameter_format: template.parameterFormat,
    components: components ?? template.components,
    ...(ttl !== undefined && { message_send_ttl_seconds: ttl }),
  });
  if ('code' in definition) return refuse(definition);
  const error = world.templates.edit(template, {
    category,
    components: definition.components,
    ...(definition.timeToLiveSeconds !== undefined && { timeToLiveSeconds: definition.timeToLiveSeconds }),
  });
  if (error) return refuse(error);
  world.live.publish('templates', undefined);
  sendJson(response, 200, { success: true, id: template.id, name: template.name, category: template.category });
}
