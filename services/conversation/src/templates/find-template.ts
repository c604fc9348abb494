import { templateLanguage, fillTemplate } from '@fenster/contracts';
import { invalidInput, isId } from '@fenster/runtime';
import type { EntityManager } from '@mikro-orm/core';
import { Channel } from '../channels/channel.entity.js';
import {
  readContent,
  type ContentInput,
  type GivenContent,
  type GivenTemplateContent,
} from '../messages/read-content.js';
import { Template } from './template.entity.js';

type Reader = Pick<EntityManager, 'findOne'>;

/**
 * What is to be sent on a channel; of a template the message that it makes there. Whether it may be sent is for the
 * send gate. @throws DomainError INVALID_INPUT, also if there is no such template
 */
export async function giveContent(
  em: Reader,
  input: ContentInput,
  channelId: () => Promise<string>,
): Promise<GivenContent> {
  const given = readContent(input);
  if (!('template' in given)) return given;
  const { template: values, contentField } = given;
  const template = await findTemplate(em, values, channelId);
  if (!template) {
    const field = values.templateId === undefined ? 'name' : 'templateId';
    throw invalidInput(`${contentField}.${field}`, 'must be a template of the channel.');
  }
  return { content: fillTemplate(template, values), contentField };
}

async function findTemplate(
  em: Reader,
  { templateId: id, name, language }: GivenTemplateContent['template'],
  channelId: () => Promise<string>,
): Promise<Template | null> {
  if (id !== undefined) return isId(id) ? em.findOne(Template, { id }) : null;
  if (name === undefined) return null;
  if (language === undefined) throw invalidInput('content.template.language', 'must be given with name.');
  const channel = await em.findOne(Channel, { id: await channelId() });
  if (channel?.accountId == null) return null;
  return em.findOne(Template, { accountId: channel.accountId, name, language: templateLanguage(language) });
}
