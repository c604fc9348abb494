import { isObject, optionalText, type JsonObject } from '../json.js';
import type { ProviderAnswer, ProviderTemplate, TemplateApi } from '../provider.js';
import type { ProviderOptions } from '../provider-options.js';
import { NOT_SUPPORTED } from '../rejection.js';
import type { GraphAccess } from '../whatsapp-cloud/graph-access.js';
import { callGraph } from '../whatsapp-cloud/graph-call.js';
import { uploadFile } from '../whatsapp-cloud/resumable-upload.js';
import { categoryOf, idOf, statusOf } from '../whatsapp-cloud/template-news.js';
import { done, MAX_PAGE_BYTES, readTemplate, submissionOf } from '../whatsapp-cloud/templates.js';
import type { Dialog360Credentials } from './whatsapp-360dialog.provider.js';

const PATH = ['v1', 'configs', 'templates'];
const PAGE_SIZE = 250;

/**
 * Templates as 360dialog lists them: under a name of its own, page by page by their number, with Meta's objects inside, and
 * its own words for what Meta has not yet seen. Of the list's shape there is no public definition: read is what its users
 * show of it, and what cannot be read is no list, rather than an empty one.
 */
export function createDialog360Templates(
  options: ProviderOptions,
  accessOf: (credentials: Dialog360Credentials) => GraphAccess,
): TemplateApi<Dialog360Credentials> {
  const list: TemplateApi<Dialog360Credentials>['list'] = async (_account, credentials, after = '0') => {
    const query = { limit: String(PAGE_SIZE), offset: after, sort: 'id' };
    const page = { ...options, maxResponseBytes: MAX_PAGE_BYTES };
    const answer = await callGraph({ method: 'GET', path: PATH, query }, accessOf(credentials), page);
    if (answer.kind !== 'answered') return answer;
    const { waba_templates: data, total } = answer.value;
    if (!Array.isArray(data)) return { kind: 'unreachable', reason: 'the provider sent no list' };
    const next = Number(after) + data.length;
    const isMore = typeof total === 'number' ? next < total : data.length === PAGE_SIZE;
    if (isMore && data.length === 0) return { kind: 'unreachable', reason: 'the list ends before its end' };
    const templates = data.flatMap((each) => readListed(each) ?? []);
    return { kind: 'answered', value: { templates, ...(isMore && { after: String(next) }) } };
  };

  /** All of a name, in whatever language. */
  async function named(name: string, credentials: Dialog360Credentials): Promise<ProviderAnswer<ProviderTemplate[]>> {
    const found: ProviderTemplate[] = [];
    for (let after: string | undefined = '0'; after !== undefined;) {
      const answer = await list(NO_ACCOUNT, credentials, after);
      if (answer.kind !== 'answered') return answer;
      found.push(...answer.value.templates.filter((each) => each.name === name && each.status !== 'DELETED'));
      after = answer.value.after;
    }
    return { kind: 'answered', value: found };
  }

  return {
    list,
    async create(_account, draft, credentials) {
      const { name, language } = draft;
      const { parameter_format: format, ...submission } = submissionOf(draft);
      const body = { name, language, ...submission, ...(format === 'NAMED' && { parameter_format: format }) };
      const answer = await callGraph({ method: 'POST', path: PATH, body }, accessOf(credentials), options);
      if (answer.kind !== 'answered') return answer;
      const { status, category } = answer.value;
      const providerTemplateId = providerIdOf(answer.value);
      if (providerTemplateId !== undefined) {
        const value = {
          providerTemplateId,
          status: reviewOf(status),
          category: categoryOf(category ?? draft.category),
        };
        return { kind: 'answered', value };
      }
      const there = await named(name, credentials);
      if (there.kind !== 'answered') return there;
      const created = there.value.find((each) => each.language === language);
      return created
        ? { kind: 'answered', value: created }
        : { kind: 'unreachable', reason: 'the template was taken without an id' };
    },
    async edit() {
      return {
        kind: 'refused',
        ...NOT_SUPPORTED,
        explanation: '360dialog does not take changes of templates. Create another one.',
      };
    },
    async remove(_account, { name, language }, credentials) {
      const there = await named(name, credentials);
      if (there.kind !== 'answered') return there;
      if (there.value.length === 0) return { kind: 'answered', value: true };
      // A name is deleted there in all its languages, and that was not asked for.
      if (there.value.some((each) => each.language !== language)) {
        return {
          kind: 'refused',
          ...NOT_SUPPORTED,
          explanation: '360dialog deletes a template in all its languages, and this one has others.',
        };
      }
      return done(await callGraph({ method: 'DELETE', path: [...PATH, name] }, accessOf(credentials), options));
    },
    uploadExample: ({ appId }, file, credentials, signal) =>
      uploadFile(appId, file, accessOf(credentials), options, signal),
  };
}

/** The key of a number says whose templates they are. */
const NO_ACCOUNT = { accountId: '', appId: '' };

function readListed(value: unknown): ProviderTemplate | undefined {
  if (!isObject(value)) return undefined;
  const template = readTemplate(value, providerIdOf);
  return template && { ...template, status: reviewOf(value.status) };
}

/** Meta's id where it is told, for webhooks bring that one; else its own. */
function providerIdOf({ external_id: external, id }: JsonObject): string | undefined {
  return idOf(external) ?? idOf(id) ?? optionalText(id, 64);
}

/** Before Meta has it. */
const OWN_STATUSES: ReadonlySet<unknown> = new Set(['created', 'submitted']);

function reviewOf(status: unknown) {
  return OWN_STATUSES.has(typeof status === 'string' ? status.toLowerCase() : status) ? 'PENDING' : statusOf(status);
}
