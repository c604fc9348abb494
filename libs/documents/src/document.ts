import type { Chart } from './chart.js';

/** The languages in which documents are written. */
export const DOCUMENT_LANGUAGES = ['de', 'en'] as const;
export type DocumentLanguage = (typeof DOCUMENT_LANGUAGES)[number];

/**
 * Something that people print, keep and show to others: a receipt, a certificate. Said once, it is shown as a page
 * (`renderHtml`) and as a PDF (`renderPdf`); all words are in it already, in its language.
 */
export interface PrintableDocument {
  language: DocumentLanguage;
  title: string;
  /** Who gives it out. */
  issuer: string;
  issuedAt: Date;
  /** By which it is found again; on every page. */
  reference: string;
  blocks: readonly Block[];
}

export type Block =
  | { kind: 'heading'; text: string }
  | { kind: 'paragraph'; text: string }
  /** What matters most: that something is in order, or that it is not. */
  | { kind: 'notice'; tone: 'good' | 'bad'; text: string }
  /** Names and what they stand for. */
  | { kind: 'facts'; facts: readonly Fact[] }
  | Table
  | Chart
  | { kind: 'list'; items: readonly string[] }
  /** Words of somebody, as they were; `language` if it is another one (BCP 47). */
  | { kind: 'quote'; text: string; language?: string }
  /** What machines read: a hash, a signature. */
  | { kind: 'code'; label: string; text: string };

export interface Fact {
  term: string;
  text: string;
  /** Where `text` leads; https, or http of one's own machine. */
  href?: string;
}

export interface Table {
  kind: 'table';
  /** What it shows; also what who cannot see it is told first. */
  caption: string;
  columns: readonly Column[];
  /** Of each row as many cells as there are columns. */
  rows: readonly (readonly string[])[];
}

export interface Column {
  title: string;
  /** Numbers stand below each other, by their last digit. */
  isNumber?: boolean;
  /** Its part of the width, compared with the others; 1 unless it says so. */
  share?: number;
}

/** In UTC, so that it says the same wherever it is read: `22. November 2026 um 13:05:09 UTC`. */
export function writeTime(language: DocumentLanguage, at: Date): string {
  return TIMES[language].format(at);
}

/** Of a day, in UTC: `22. November 2026`. */
export function writeDay(language: DocumentLanguage, at: Date): string {
  return DAYS[language].format(at);
}

export const LOCALES: Record<DocumentLanguage, string> = { de: 'de-DE', en: 'en-GB' };
const TIMES = formats({ dateStyle: 'long', timeStyle: 'long' });
const DAYS = formats({ dateStyle: 'long' });

function formats(options: Intl.DateTimeFormatOptions): Record<DocumentLanguage, Intl.DateTimeFormat> {
  const format = (language: DocumentLanguage) =>
    new Intl.DateTimeFormat(LOCALES[language], { ...options, timeZone: 'UTC' });
  return { de: format('de'), en: format('en') };
}

/** The few words that are not in the document itself. */
export const FRAME_WORDS: Record<
  DocumentLanguage,
  { issuedBy: string; issuedAt: string; reference: string; page: (page: number, of: number) => string }
> = {
  de: {
    issuedBy: 'Ausgestellt von',
    issuedAt: 'Ausgestellt am',
    reference: 'Kennung',
    page: (page, of) => `Seite ${page} von ${of}`,
  },
  en: {
    issuedBy: 'Issued by',
    issuedAt: 'Issued on',
    reference: 'Reference',
    page: (page, of) => `Page ${page} of ${of}`,
  },
};

/** Who gave it out, and when: at the end of each. */
export function frameFacts({ language, issuer, issuedAt, reference }: PrintableDocument): Fact[] {
  const words = FRAME_WORDS[language];
  return [
    { term: words.issuedBy, text: issuer },
    { term: words.issuedAt, text: writeTime(language, issuedAt) },
    { term: words.reference, text: reference },
  ];
}

/** Of whom nobody knows the language: German where the tag says German, else English. */
export function documentLanguage(locale: string | null | undefined): DocumentLanguage {
  return locale?.split('-')[0]?.toLowerCase() === 'de' ? 'de' : 'en';
}
