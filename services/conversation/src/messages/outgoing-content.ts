import { outgoingContent, typeOfContent, type OutgoingContent } from '@fenster/contracts';
import type { MessageBody } from './message-changes.rule.js';

/** Words and nothing else. */
export function plainText(body: string): OutgoingContent {
  return { kind: 'text', body };
}

/** How a message of ours is stored: under a name of its own, so that it is never mistaken for what a provider sent. */
export function bodyOf(content: OutgoingContent): MessageBody {
  const isPlain = content.kind === 'text' && !content.previewUrl;
  return { type: typeOfContent(content), text: wordsOf(content), payload: isPlain ? null : { outgoing: content } };
}

/** What {@link bodyOf} stored; undefined if it was not us who wrote it. */
export function contentIn({ type, text, payload }: MessageBody): OutgoingContent | undefined {
  if (payload === null) return type === 'text' && text !== null ? plainText(text) : undefined;
  return Object.hasOwn(payload, 'outgoing') ? outgoingContent.safeParse(payload['outgoing']).data : undefined;
}

/** What a person reads: for lists, the search and transcripts. Like those of customers, places and contacts have no words. */
export function wordsOf(content: OutgoingContent): string | null {
  switch (content.kind) {
    case 'text':
      return content.body;
    case 'media':
      return content.caption ?? null;
    case 'location':
    case 'contacts':
      return null;
    case 'buttons':
    case 'link': {
      const { header, body, footer } = content;
      const options = content.kind === 'link' ? [content.label] : content.buttons.map(({ title }) => title);
      return linesOf(header && 'text' in header ? header.text : undefined, body, footer, ...options.map(asOption));
    }
    case 'list': {
      const rows = content.sections.flatMap((section) => section.rows);
      return linesOf(content.header, content.body, content.footer, ...rows.map(({ title }) => asOption(title)));
    }
    case 'flow':
      return linesOf(content.header, content.body, content.footer, asOption(content.label));
    case 'products':
      return linesOf(content.header, content.body, content.footer);
    case 'product':
      return linesOf(content.body, content.footer) || null;
    case 'catalog':
      return linesOf(content.body, content.footer);
    case 'carousel':
      return linesOf(content.body, ...content.cards.flatMap(({ body, label }) => [body, asOption(label)]));
    case 'locationRequest':
    case 'contactInfoRequest':
    case 'addressRequest':
    case 'productCarousel':
      return content.body;
    case 'template':
      return content.text;
  }
}

/** The part of it that somebody may have drafted. */
export function draftOf(content: OutgoingContent): string | null {
  if (content.kind === 'template') return null;
  return ('body' in content ? content.body : 'caption' in content ? content.caption : null) ?? null;
}

const asOption = (title: string) => `[${title}]`;
const linesOf = (...lines: (string | undefined)[]) => lines.filter(Boolean).join('\n');
