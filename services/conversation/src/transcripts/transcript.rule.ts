import type { Referral } from '@fenster/contracts';

/** One line of a transcript: a message, or a note between messages. */
export interface TranscriptEntry {
  kind: 'MESSAGE' | 'NOTE';
  id: string;
  /** Of the message, or of the message before the note. */
  seq: number;
  at: Date;
  direction: 'INBOUND' | 'OUTBOUND' | null;
  type: string;
  status: string | null;
  authorId: string | null;
  apiKeyId: string | null;
  text: string | null;
  /** What the customer clicked before they wrote it. */
  referral: Referral | null;
}

export interface TranscriptHeader {
  conversationId: string;
  status: string;
  channelId: string;
  openedAt: Date;
  /** Null for those who may not see contacts. */
  contactName: string | null;
}

export interface Transcript {
  header: TranscriptHeader;
  entries: readonly TranscriptEntry[];
  nameOf(memberId: string): string | undefined;
  timeZone: string;
  /** Whether nothing comes before these entries. */
  isFirst: boolean;
}

/** Local time with its offset, so that it says the same wherever it is read: 2026-11-21T13:00:00+01:00. */
export function localTime(at: Date, timeZone: string): string {
  const parts = Object.fromEntries(
    formatOf(timeZone)
      .formatToParts(at)
      .map(({ type, value }) => [type, value]),
  );
  const offset = parts['timeZoneName']!.replace('GMT', '') || '+00:00';
  const { year, month, day, hour, minute, second } = parts;
  return `${year!.padStart(4, '0')}-${month}-${day}T${hour}:${minute}:${second}${offset}`;
}

let latest: { timeZone: string; format: Intl.DateTimeFormat } | undefined;

/** To make one takes longer than to use it, and a transcript uses one for all of its lines. */
function formatOf(timeZone: string): Intl.DateTimeFormat {
  if (latest?.timeZone === timeZone) return latest.format;
  const format = new Intl.DateTimeFormat('en', {
    timeZone,
    calendar: 'iso8601',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'longOffset',
  });
  latest = { timeZone, format };
  return format;
}

function writerOf({ header, nameOf }: Transcript, { direction, authorId, apiKeyId }: TranscriptEntry): string {
  if (direction === 'INBOUND') return header.contactName ?? 'Customer';
  if (authorId) return nameOf(authorId) ?? `Member ${authorId}`;
  return apiKeyId ? `API key ${apiKeyId}` : 'Fenster';
}

/** A document of its own: the parts of a long transcript are several. */
export function toJson(transcript: Transcript): string {
  const { header, entries, timeZone } = transcript;
  return JSON.stringify(
    {
      conversation: {
        id: header.conversationId,
        status: header.status,
        channelId: header.channelId,
        contactName: header.contactName,
        openedAt: localTime(header.openedAt, timeZone),
      },
      timeZone,
      entries: entries.map((entry) => ({
        kind: entry.kind,
        id: entry.id,
        seq: entry.seq,
        at: localTime(entry.at, timeZone),
        ...(entry.kind === 'MESSAGE' && { direction: entry.direction, type: entry.type, status: entry.status }),
        from: writerOf(transcript, entry),
        authorId: entry.authorId,
        apiKeyId: entry.apiKeyId,
        text: entry.text,
        ...(entry.referral && { referral: entry.referral }),
      })),
    },
    null,
    2,
  );
}

/** The parts of a long transcript, one after the other, are the whole. Further lines of a text are indented, so that none looks like an entry. */
export function toText(transcript: Transcript): string {
  const { header, entries, timeZone, isFirst } = transcript;
  const lines = entries.map((entry) => {
    const note = entry.kind === 'NOTE' ? ' (note)' : '';
    const failed = entry.status === 'FAILED' || entry.status === 'UNCONFIRMED' ? ` [${entry.status}]` : '';
    const text = entry.text ?? `[${entry.type}]`;
    return `[${localTime(entry.at, timeZone)}] ${writerOf(transcript, entry)}${note}${failed}: ${indented(text)}\n`;
  });
  const head = isFirst
    ? [
        `Conversation ${header.conversationId}`,
        `With: ${header.contactName ?? 'Customer'}`,
        `Opened: ${localTime(header.openedAt, timeZone)} (${timeZone})`,
        '',
        '',
      ].join('\n')
    : '';
  return head + lines.join('');
}

const indented = (text: string) => text.replaceAll(/\r\n|\r|\n|\u2028|\u2029/g, '\n    ');
