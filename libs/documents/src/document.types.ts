import { enumOf } from '@fenster/graphql';
import { DOCUMENT_LANGUAGES } from './document.js';
import { DOCUMENT_FORMATS } from './send-document.js';

export const DocumentLanguageEnum = enumOf(DOCUMENT_LANGUAGES, {
  name: 'DocumentLanguage',
  description: 'Of documents for people.',
});
export const DocumentFormatEnum = enumOf(DOCUMENT_FORMATS, { name: 'DocumentFormat' });
