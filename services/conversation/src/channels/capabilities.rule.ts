import { filesOf, type ChannelCapabilities, type OutgoingContent } from '@fenster/contracts';
import type { Violation } from '../messages/outgoing-content.rule.js';

type Capabilities = ChannelCapabilities | null | undefined;

/** Of a channel of which nothing has been told yet: WhatsApp is what there was before there was anything else. */
export function hasServiceWindow(capabilities: Capabilities): boolean {
  return capabilities?.serviceWindow ?? true;
}

/** What of the content this channel cannot carry, however right it is. */
export function capabilityViolations(content: OutgoingContent, capabilities: Capabilities): readonly Violation[] {
  if (!capabilities) return [];
  const { contentKinds, mediaKinds, maxTextCharacters, maxTextBytes } = capabilities;
  if (!contentKinds.includes(content.kind)) {
    return [{ path: [], message: `cannot be sent over this channel; it takes ${namesOf(contentKinds)}.` }];
  }
  if (content.kind === 'text') {
    const path = ['body'];
    if ([...content.body].length > maxTextCharacters) {
      return [{ path, message: `must have at most ${maxTextCharacters} characters on this channel.` }];
    }
    if (maxTextBytes !== undefined && Buffer.byteLength(content.body) > maxTextBytes) {
      return [{ path, message: `must have at most ${maxTextBytes} bytes in UTF-8 on this channel.` }];
    }
  }
  return filesOf(content).flatMap(({ path, file: { mediaKind } }) =>
    mediaKind in mediaKinds ? [] : [{ path: [...path, 'mediaKind'], message: 'cannot be sent over this channel.' }],
  );
}

function namesOf(kinds: readonly string[]): string {
  return kinds.length === 1 ? `${kinds[0]} only` : kinds.join(', ');
}
