import { isObject, type JsonObject } from '../json.js';
import type { ProviderAnswer, ProviderCredentials, ProviderTemplate, TemplateApi, TemplateDraft } from '../provider.js';
import type { GraphAccess } from './graph-access.js';
import { callGraph } from './graph-call.js';
import type { ProviderOptions } from '../provider-options.js';
import { uploadFile } from './resumable-upload.js';
import { readComponents, writeComponents } from './template-components.js';
import { categoryOf, idOf, languageOf, qualityOf, rejectionOf, statusOf, templateNameOf } from './template-news.js';

const FIELDS =
  'id,name,language,status,category,previous_category,correct_category,components,parameter_format,quality_score,rejected_reason,message_send_ttl_seconds';
const PAGE_SIZE = '50';
/** Of a page: templates with cards have many words. */
export const MAX_PAGE_BYTES = 4 * 1024 * 1024;
/** `error_subcode` of what is not there. */
const NOT_FOUND = 2_593_002;

/** Templates of a WhatsApp account (whatsapp.md §B3). */
export function createTemplateApi<C extends ProviderCredentials>(
  options: ProviderOptions,
  accessOf: (credentials: C) => GraphAccess,
): TemplateApi<C> {
  return {
    async list({ accountId }, credentials, after) {
      const query = { fields: FIELDS, limit: PAGE_SIZE, ...(after !== undefined && { after }) };
      const access = accessOf(credentials);
      const path = [...access.objectPath, accountId, 'message_templates'];
      const all = { ...options, maxResponseBytes: MAX_PAGE_BYTES };
      const answer = await callGraph({ method: 'GET', path, query }, access, all);
      if (answer.kind !== 'answered') return answer;
      const { data, paging } = answer.value;
      // Nothing to be read is not nothing there: what is not listed counts as deleted.
      if (!Array.isArray(data)) return { kind: 'unreachable', reason: 'the provider sent no list' };
      const templates = data.flatMap((each) => readTemplate(each) ?? []);
      const next =
        isObject(paging) && paging.next !== undefined && isObject(paging.cursors) ? paging.cursors.after : null;
      return { kind: 'answered', value: { templates, ...(typeof next === 'string' && { after: next }) } };
    },
    async create({ accountId }, draft, credentials) {
      const { name, language } = draft;
      const body = { name, language, ...submissionOf(draft) };
      const access = accessOf(credentials);
      const path = [...access.objectPath, accountId, 'message_templates'];
      const answer = await callGraph({ method: 'POST', path, body }, access, options);
      if (answer.kind !== 'answered') return answer;
      const { id, status, category } = answer.value;
      const providerTemplateId = idOf(id);
      if (providerTemplateId === undefined)
        return { kind: 'unreachable', reason: 'the template was taken without an id' };
      return {
        kind: 'answered',
        value: { providerTemplateId, status: statusOf(status), category: categoryOf(category ?? draft.category) },
      };
    },
    async edit(providerTemplateId, draft, credentials) {
      const access = accessOf(credentials);
      const path = [...access.objectPath, providerTemplateId];
      return done(await callGraph({ method: 'POST', path, body: submissionOf(draft) }, access, options));
    },
    async remove({ accountId }, { name, providerTemplateId }, credentials) {
      const query = { name, hsm_id: providerTemplateId };
      const access = accessOf(credentials);
      const path = [...access.objectPath, accountId, 'message_templates'];
      const answer = await callGraph({ method: 'DELETE', path, query }, access, options);
      const isGone = answer.kind === 'refused' && answer.subcode === NOT_FOUND;
      return isGone ? { kind: 'answered', value: true } : done(answer);
    },
    uploadExample: ({ appId }, file, credentials, signal) =>
      uploadFile(appId, file, accessOf(credentials), options, signal),
  };
}

export function done(answer: ProviderAnswer<JsonObject>): ProviderAnswer<true> {
  return answer.kind === 'answered' ? { kind: 'answered', value: true } : answer;
}

export function submissionOf({
  category,
  parameterFormat,
  definition,
  exampleHandles,
  timeToLiveSeconds,
}: TemplateDraft) {
  return {
    category,
    parameter_format: parameterFormat,
    components: writeComponents(definition, parameterFormat, exampleHandles),
    ...(timeToLiveSeconds !== undefined && { message_send_ttl_seconds: timeToLiveSeconds }),
  };
}

/** Undefined for what has no id, or no name or language that it could be sent by. */
export function readTemplate(
  value: unknown,
  providerIdOf: (template: JsonObject) => string | undefined = ({ id }) => idOf(id),
): ProviderTemplate | undefined {
  if (!isObject(value)) return undefined;
  const providerTemplateId = providerIdOf(value);
  const name = templateNameOf(value.name);
  const language = languageOf(value.language);
  if (providerTemplateId === undefined || name === undefined || language === undefined) return undefined;
  const category = categoryOf(value.category);
  const { previous_category: previous, correct_category: correct, quality_score: quality } = value;
  const status = statusOf(value.status);
  const ttl = value.message_send_ttl_seconds;
  return {
    providerTemplateId,
    name,
    language,
    status,
    rejection: status === 'REJECTED' ? rejectionOf(value.rejected_reason) : null,
    category,
    ...(typeof previous === 'string' && { previousCategory: categoryOf(previous) }),
    ...(typeof correct === 'string' && categoryOf(correct) !== category && { announcedCategory: categoryOf(correct) }),
    quality: qualityOf(isObject(quality) ? quality.score : quality),
    parameterFormat: value.parameter_format === 'NAMED' ? 'NAMED' : 'POSITIONAL',
    definition: readComponents(value.components, category),
    ...(typeof ttl === 'number' && Number.isSafeInteger(ttl) && ttl > 0 && { timeToLiveSeconds: ttl }),
  };
}
