import type { ContentKind, OutgoingContent, GivenTemplate } from '@fenster/contracts';
import { invalidInput } from '@fenster/runtime';
import { plainText } from './outgoing-content.js';
import type { MessageContentInput } from './outgoing-content.types.js';

/** The content and the name of the field that it came by, which refusals name. */
export interface GivenContent {
  content: OutgoingContent;
  contentField: 'text' | `content.${ContentKind}`;
}

/** A template is chosen and filled: what that makes of it, `withTemplate` finds out. */
export interface GivenTemplateContent {
  template: GivenTemplate & { templateId?: string; name?: string; language?: string };
  contentField: 'content.template';
}

export interface ContentInput {
  text?: string | null | undefined;
  content?: MessageContentInput | null | undefined;
}

/** `text` is what `content: { text: { body } }` is, in short. @throws DomainError INVALID_INPUT */
export function readContent(input: ContentInput): GivenContent | GivenTemplateContent {
  const { text, content } = input;
  if (text != null && content != null) throw invalidInput('content', 'must not be given together with text.');
  if (text != null) return { content: plainText(text), contentField: 'text' };
  if (content == null) throw invalidInput('text', 'must be given, or content.');
  const given = Object.entries(content).filter(([, value]) => value != null) as [ContentKind, object][];
  const [only] = given;
  if (!only || given.length > 1) throw invalidInput('content', 'must be exactly one kind of content.');
  const [kind, value] = only;
  if (kind === 'template') {
    return { template: withoutNulls(value) as GivenTemplateContent['template'], contentField: `content.${kind}` };
  }
  return { content: { kind, ...withoutNulls(value) } as OutgoingContent, contentField: `content.${kind}` };
}

/** Null is as good as not given. */
function withoutNulls(value: object): object {
  const shown = Object.entries(value).filter(([, inner]) => inner != null);
  return Object.fromEntries(shown.map(([name, inner]) => [name, clean(inner)]));
}

function clean(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(clean);
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'object' && value !== null ? withoutNulls(value) : value;
}
