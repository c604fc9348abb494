import { sendJson } from '@fenster/runtime';
import type { GraphContext } from '../graph/context.js';
import { parameterError, refuse } from '../graph/graph-error.js';
import { deleteTemplates } from '../graph/templates.routes.js';
import type { PhoneNumber } from '../numbers.js';
import { templateBody } from '../templates.js';

const MAX_PAGE = 1_000;

/**
 * `GET /v1/configs/templates?limit=&offset=`: Meta's objects under a name of 360dialog's own, with states in small letters and
 * how many there are. Nothing public defines the shape: it is what users of the API show of it.
 */
export function listDialog360Templates({ query, world, response }: GraphContext, { wabaId }: PhoneNumber): void {
  const [limit, offset] = [Number(query.get('limit') ?? MAX_PAGE), Number(query.get('offset') ?? 0)];
  if (!Number.isInteger(limit) || limit < 1 || !Number.isInteger(offset) || offset < 0) {
    return refuse(parameterError('limit and offset must be numbers.'));
  }
  const all = world.templates.of(wabaId);
  const page = all.slice(offset, offset + Math.min(limit, MAX_PAGE)).map((template) => {
    const body = templateBody(template);
    return { ...body, status: template.status.toLowerCase() };
  });
  sendJson(response, 200, { waba_templates: page, count: page.length, total: all.length, limit, offset });
}

/** `DELETE /v1/configs/templates/{name}`: in all languages. */
export function deleteDialog360Templates(context: GraphContext, { wabaId }: PhoneNumber, name: string): void {
  deleteTemplates({ ...context, query: new URLSearchParams({ name }) }, wabaId);
}
