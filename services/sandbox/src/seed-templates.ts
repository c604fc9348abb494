import type { TemplateDefinition } from './rules/template-definition.js';
import type { Templates } from './templates.js';

/** Meta gives every account `hello_world`; the others show the rest of what a template can have. */
const SEEDS: readonly TemplateDefinition[] = [
  {
    name: 'hello_world',
    language: 'en_US',
    category: 'UTILITY',
    parameterFormat: 'POSITIONAL',
    components: [
      { type: 'HEADER', format: 'TEXT', text: 'Hello World' },
      { type: 'BODY', text: 'Welcome and congratulations!! This message demonstrates your ability to send a message.' },
      { type: 'FOOTER', text: 'WhatsApp Business Platform sample message' },
    ],
  },
  {
    name: 'termin',
    language: 'de',
    category: 'UTILITY',
    parameterFormat: 'POSITIONAL',
    components: [
      {
        type: 'BODY',
        text: 'Hallo {{1}}, Ihr Termin ist am {{2}}. Passt das?',
        example: { body_text: [['Anna', '24. November um 10 Uhr']] },
      },
      {
        type: 'BUTTONS',
        buttons: [
          { type: 'QUICK_REPLY', text: 'Ja, passt' },
          { type: 'QUICK_REPLY', text: 'Anderer Termin' },
        ],
      },
    ],
  },
  {
    name: 'angebot',
    language: 'de',
    category: 'MARKETING',
    parameterFormat: 'NAMED',
    components: [
      {
        type: 'BODY',
        text: 'Guten Tag {{name}}, diese Woche {{rabatt}} auf alle Fahrräder.',
        example: {
          body_text_named_params: [
            { param_name: 'name', example: 'Anna' },
            { param_name: 'rabatt', example: '10 %' },
          ],
        },
      },
      { type: 'FOOTER', text: 'Antworten Sie mit STOP, um nichts mehr zu bekommen.' },
      {
        type: 'BUTTONS',
        buttons: [{ type: 'URL', text: 'Ansehen', url: 'https://example.com/{{1}}', example: ['fahrrad'] }],
      },
    ],
  },
];

export function seedTemplates(templates: Templates, wabaId: string): void {
  for (const definition of SEEDS) templates.seed(wabaId, structuredClone(definition));
}
