// @ts-check
/** What is inside a bubble. Everything is built from nodes and text: nothing that anybody wrote becomes markup. */

/**
 * @param {string} tag
 * @param {Record<string, unknown>} [properties] `on…` are listeners; `aria-…`, `role` and `data-…` attributes
 * @param {...(Node | string | undefined | false)} children
 * @returns {HTMLElement}
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    else if (/^(aria-|data-|role$|for$|rel$)/.test(name)) element.setAttribute(name, /** @type {string} */ (value));
    else Reflect.set(element, name, value);
  }
  element.append(
    ...children
      .filter((child) => child !== undefined && child !== false)
      .map((child) => /** @type {Node | string} */ (child)),
  );
  return element;
}

/**
 * `*bold*`, `_italic_`, `~struck~`, `` `code` `` and links, as WhatsApp shows them.
 * @param {string} text
 * @returns {HTMLElement}
 */
export function formatted(text) {
  const holder = h('span', { className: 'text' });
  const pattern = /(```[\s\S]+?```|`[^`\n]+`|\*[^*\n]+\*|_[^_\n]+_|~[^~\n]+~|https?:\/\/[^\s<>"]+)/g;
  for (const part of text.split(pattern)) {
    const inner = part.slice(1, -1);
    if (/^https?:\/\//.test(part)) holder.append(link(part, part));
    else if (part.length > 6 && part.startsWith('```') && part.endsWith('```'))
      holder.append(h('code', {}, part.slice(3, -3)));
    else if (part.length > 2 && /^\*.*\*$/.test(part)) holder.append(h('strong', {}, inner));
    else if (part.length > 2 && /^_.*_$/.test(part)) holder.append(h('em', {}, inner));
    else if (part.length > 2 && /^~.*~$/.test(part)) holder.append(h('s', {}, inner));
    else if (part.length > 2 && /^`.*`$/.test(part)) holder.append(h('code', {}, inner));
    else holder.append(part);
  }
  return holder;
}

/** @param {string} url @param {string} text */
function link(url, text) {
  return /^https?:\/\//i.test(url)
    ? h('a', { href: url, target: '_blank', rel: 'noopener noreferrer' }, text)
    : h('span', {}, text);
}

/**
 * @param {string} kind
 * @param {any} media `id` in the sandbox, or `link` somewhere else, which the sandbox does not fetch
 */
function mediaNode(kind, media) {
  const caption = media?.caption ? formatted(media.caption) : undefined;
  if (!media?.id) {
    const url = String(media?.link ?? '');
    return h('div', {}, h('p', { className: 'file' }, `${kind}: `, link(url, url)), caption);
  }
  const src = `/sandbox/media/${encodeURIComponent(media.id)}`;
  const name = media.filename ?? 'file';
  switch (kind) {
    case 'image':
    case 'sticker':
      return h('div', {}, h('img', { src, alt: media.caption ?? kind, className: kind }), caption);
    case 'video':
      return h('div', {}, h('video', { src, controls: true }), caption);
    case 'audio':
      return h('audio', { src, controls: true });
    default:
      return h(
        'div',
        {},
        h('a', { className: 'file', href: src, target: '_blank', rel: 'noopener' }, `📄 ${name}`),
        caption,
      );
  }
}

/** @param {any} contact */
function contactNode(contact) {
  const phones = (contact.phones ?? []).map((/** @type {any} */ phone) => phone.phone).join(', ');
  return h('div', { className: 'card' }, `👤 ${contact.name?.formatted_name ?? ''}`, h('br'), h('small', {}, phones));
}

/** @param {any} place */
function locationNode(place) {
  const { latitude, longitude, name, address } = place;
  return h(
    'div',
    { className: 'card' },
    `📍 ${name ?? 'Location'}`,
    h('br'),
    h('small', {}, `${address ?? ''} ${latitude}, ${longitude}`),
  );
}

/** @param {any} header of an interactive message or a filled template */
function headerNode(header) {
  if (!header) return undefined;
  const kind = String(header.type ?? header.format ?? 'text').toLowerCase();
  if (kind === 'text') return h('strong', { className: 'header' }, String(header.text ?? ''));
  if (kind === 'location') return h('p', { className: 'file' }, `📍 ${header.text ?? ''}`);
  return mediaNode(kind, header.media ?? header[kind]);
}

/**
 * The buttons of a message, each with what pressing it sends.
 * @typedef {{ label: string, url?: string, message?: object, rows?: any[], hint?: string }} Choice
 * @param {any} message
 * @param {{ phone: any, number: any }} who
 * @returns {Choice[]}
 */
export function choicesOf(message, { phone }) {
  const { type, content, template } = message;
  if (type === 'template') {
    const buttons = [
      ...(template?.buttons ?? []),
      ...(template?.cards ?? []).flatMap((/** @type {any} */ card) => card.buttons),
    ];
    return buttons.map((/** @type {any} */ button) => {
      if (button.type === 'URL') return { label: button.text, url: button.url };
      if (button.type === 'QUICK_REPLY') {
        return {
          label: button.text,
          message: { type: 'button', button: { payload: button.payload, text: button.text } },
        };
      }
      if (button.type === 'REQUEST_CONTACT_INFO') return { label: button.text, message: contactRequest(phone) };
      return { label: button.text, hint: button.payload ?? button.type };
    });
  }
  if (type !== 'interactive') return [];
  const { action } = content;
  /** @param {string} kind @param {object} reply */
  const answer = (kind, reply) => ({ type: 'interactive', interactive: { type: kind, [kind]: reply } });
  switch (content.type) {
    case 'button':
      return action.buttons.map((/** @type {any} */ { reply }) => ({
        label: reply.title,
        message: answer('button_reply', { id: reply.id, title: reply.title }),
      }));
    case 'list':
      return [{ label: `☰ ${action.button}`, rows: action.sections }];
    case 'cta_url':
      return [{ label: action.parameters.display_text, url: action.parameters.url }];
    case 'flow':
      return [
        {
          label: action.parameters.flow_cta,
          message: answer('nfm_reply', {
            name: 'flow',
            body: 'Sent',
            response_json: JSON.stringify({ flow_token: action.parameters.flow_token ?? 'unused' }),
          }),
        },
      ];
    case 'location_request_message':
      return [
        {
          label: 'Send location',
          message: {
            type: 'location',
            location: {
              latitude: 52.5186,
              longitude: 13.3763,
              name: 'Reichstag',
              address: 'Platz der Republik 1, Berlin',
            },
          },
        },
      ];
    case 'request_contact_info':
      return [{ label: 'Share contact info', message: contactRequest(phone) }];
    default:
      return [];
  }
}

/** @param {any} phone */
function contactRequest(phone) {
  const number = phone.phone ? [{ phone: `+${phone.phone}`, wa_id: phone.phone, type: 'CELL' }] : [];
  return {
    type: 'contacts',
    contacts: [
      {
        name: { formatted_name: phone.name ?? 'Unknown', first_name: phone.name ?? 'Unknown' },
        phones: number,
        origin: 'contact_request',
      },
    ],
  };
}

/**
 * @param {any} message
 * @returns {HTMLElement}
 */
export function contentOf(message) {
  const { type, content, template, isRevoked } = message;
  if (isRevoked) return h('em', { className: 'gone' }, '🚫 This message was deleted');
  switch (type) {
    case 'text':
      return formatted(String(content?.body ?? ''));
    case 'image':
    case 'video':
    case 'audio':
    case 'document':
    case 'sticker':
      return mediaNode(type, content);
    case 'location':
      return locationNode(content);
    case 'contacts':
      return h('div', {}, ...content.map(contactNode));
    case 'template':
      return template ? templateNode(template) : h('em', {}, 'template');
    case 'button':
      return formatted(String(content.text));
    case 'interactive':
      return interactiveNode(content);
    case 'order':
      return h('div', { className: 'card' }, `🛒 ${content.product_items?.length ?? 0} products`);
    default:
      return h('em', {}, `(${type})`);
  }
}

/** @param {any} template @returns {HTMLElement} */
function templateNode(template) {
  return h(
    'div',
    {},
    headerNode(template.header),
    formatted(template.body),
    template.footer && h('small', { className: 'footer' }, template.footer),
    template.cards && h('div', { className: 'cards' }, ...template.cards.map(templateNode)),
  );
}

/** @param {any} content */
function interactiveNode(content) {
  // What a customer has chosen.
  if (content.button_reply) return formatted(content.button_reply.title);
  if (content.list_reply) {
    const { title, description } = content.list_reply;
    return h('div', {}, formatted(title), description && h('small', { className: 'footer' }, description));
  }
  if (content.nfm_reply) return h('em', {}, `Form sent: ${content.nfm_reply.body ?? ''}`);
  const { action, type } = content;
  const product = type === 'product' || type === 'product_list' || type === 'catalog_message';
  return h(
    'div',
    {},
    headerNode(content.header),
    content.body?.text && formatted(content.body.text),
    product && h('div', { className: 'card' }, `🛍 ${action?.product_retailer_id ?? action?.catalog_id ?? 'Catalogue'}`),
    content.footer?.text && h('small', { className: 'footer' }, content.footer.text),
  );
}

/** One line, for a list or a quotation. @param {any} message @returns {string} */
export function summaryOf(message) {
  if (!message) return '';
  if (message.isRevoked) return 'deleted';
  const { type, content, template } = message;
  switch (type) {
    case 'text':
      return String(content?.body ?? '');
    case 'template':
      return template?.body ?? 'template';
    case 'button':
      return content.text;
    case 'interactive':
      return content.button_reply?.title ?? content.list_reply?.title ?? content.body?.text ?? 'interactive';
    case 'contacts':
      return `👤 ${content[0]?.name?.formatted_name ?? ''}`;
    case 'location':
      return `📍 ${content.name ?? 'Location'}`;
    default:
      return content?.caption ?? content?.filename ?? type;
  }
}
