// @ts-check
import { choicesOf, contentOf, h, summaryOf } from './bubbles.js';

/** @param {string} id @returns {any} */
const $ = (id) => document.getElementById(id);
const REACTIONS = ['👍', '❤️', '😂', '😮', '😢', '🙏'];
const STORED = 'sandbox.open';

/** What the server has told: numbers, phones by user id, chats by number and user id. */
const state = {
  numbers: /** @type {any[]} */ ([]),
  phones: /** @type {Map<string, any>} */ (new Map()),
  chats: /** @type {Map<string, any>} */ (new Map()),
  scenarios: /** @type {any[]} */ ([]),
  webhooks: /** @type {any[]} */ ([]),
  /** User ids of the phones that are shown. */
  open: /** @type {string[]} */ ([]),
  replyTo: /** @type {Map<string, string>} */ (new Map()),
  typingUntil: /** @type {Map<string, number>} */ (new Map()),
  clock: { now: Date.now(), at: Date.now(), isFrozen: false },
  known: /** @type {Map<string, string>} */ (new Map()),
  /** How many messages were told live, and which of these each message was last. */
  events: 0,
  toldAt: /** @type {Map<string, number>} */ (new Map()),
};
const numberId = () => $('number').value;
/** @param {string} bsuid */
const chatKey = (bsuid, number = numberId()) => `${number} ${bsuid}`;

/**
 * @param {string} method @param {string} path @param {unknown} [body]
 * @returns {Promise<any>}
 */
async function api(method, path, body) {
  const response = await fetch(path, {
    method,
    ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  const answer = await response.json();
  if (!response.ok) {
    const message = [answer.error, ...(answer.problems ?? [])].join(' · ');
    tellProblem(message);
    throw new Refused(message);
  }
  return answer;
}

/** Has been told already. */
class Refused extends Error {}
window.addEventListener('unhandledrejection', (event) => {
  if (event.reason instanceof Refused) event.preventDefault();
});

let problemTimer = 0;
/** @param {string} text */
function tellProblem(text) {
  $('problem').textContent = text;
  clearTimeout(problemTimer);
  problemTimer = window.setTimeout(() => ($('problem').textContent = ''), 6000);
}

// ---- state from the server

async function load() {
  const overview = await api('GET', '/sandbox/state');
  const chosen = numberId();
  state.numbers = overview.numbers;
  $('number').replaceChildren(
    ...overview.numbers.map((/** @type {any} */ number) =>
      h('option', { value: number.phoneNumberId }, `${number.verifiedName} · +${number.displayPhoneNumber}`),
    ),
  );
  if (state.numbers.some((number) => number.phoneNumberId === chosen)) $('number').value = chosen;
  state.phones = new Map(overview.phones.map((/** @type {any} */ phone) => [phone.bsuid, phone]));
  state.scenarios = overview.scenarios;
  state.webhooks = overview.webhooks;
  setClock(overview.clock);
  if (state.open.length === 0) state.open = JSON.parse(localStorage.getItem(STORED) ?? '[]');
  state.open = state.open.filter((bsuid) => state.phones.has(bsuid));
  const first = overview.phones.at(-1);
  if (state.open.length === 0 && first) state.open = [first.bsuid];
  await Promise.all(state.open.map(loadChats));
  await loadTemplates();
  renderAll();
}

/**
 * What was told live after the question was asked is newer than the answer.
 * @param {string} bsuid
 */
async function loadChats(bsuid) {
  const askedAt = state.events;
  const { chats, ...phone } = await api('GET', `/sandbox/phones/${encodeURIComponent(bsuid)}`);
  state.phones.set(bsuid, phone);
  for (const chat of chats) {
    const key = chatKey(bsuid, chat.phoneNumberId);
    /** @param {any} message */
    const isNewer = (message) => (state.toldAt.get(message.wamid) ?? 0) > askedAt;
    const newer = (state.chats.get(key)?.messages ?? []).filter(isNewer);
    const known = new Map(newer.map((/** @type {any} */ message) => [message.wamid, message]));
    const messages = chat.messages.map((/** @type {any} */ message) => {
      const told = known.get(message.wamid);
      known.delete(message.wamid);
      return told ?? message;
    });
    state.chats.set(key, { ...chat, messages: [...messages, ...known.values()] });
  }
}

async function loadTemplates() {
  const { templates } = await api('GET', '/sandbox/templates');
  renderTemplates(templates);
}

async function loadScenarios() {
  const { known } = await api('GET', '/sandbox/scenarios');
  state.known = new Map(known.map((/** @type {any} */ scenario) => [scenario.name, scenario.description]));
  $('scenario-names').replaceChildren(
    ...known.map((/** @type {any} */ { name, description }) => h('option', { value: name }, description)),
  );
  const { fields } = await api('GET', '/sandbox/samples');
  $('sample-field').replaceChildren(...fields.map((/** @type {string} */ field) => h('option', {}, field)));
}

function listen() {
  const events = new EventSource('/sandbox/events');
  /** @param {string} name @param {(data: any) => void} handle */
  const on = (name, handle) => events.addEventListener(name, (event) => handle(JSON.parse(event.data)));
  let wasLost = false;
  events.onopen = () => {
    $('connection').textContent = 'live';
    document.body.dataset.live = 'true';
    // Whatever happened meanwhile.
    if (wasLost) void load();
    wasLost = false;
  };
  events.onerror = () => {
    $('connection').textContent = 'connection lost, trying again …';
    document.body.dataset.live = 'false';
    wasLost = true;
  };
  on('message', (message) => {
    state.toldAt.set(message.wamid, ++state.events);
    const key = chatKey(message.bsuid, message.phoneNumberId);
    const chat = state.chats.get(key) ?? { phoneNumberId: message.phoneNumberId, messages: [] };
    const index = chat.messages.findIndex((/** @type {any} */ each) => each.wamid === message.wamid);
    if (index === -1) chat.messages.push(message);
    else chat.messages[index] = message;
    state.chats.set(key, chat);
    if (message.from !== 'customer') state.typingUntil.delete(key);
    if (state.open.includes(message.bsuid)) renderPhone(message.bsuid);
    renderPhones();
  });
  on('phone', (phone) => {
    state.phones.set(phone.bsuid, phone);
    renderPhones();
    if (state.open.includes(phone.bsuid)) renderPhone(phone.bsuid);
  });
  on('typing', ({ phoneNumberId, bsuid, forMs }) => {
    const key = chatKey(bsuid, phoneNumberId);
    state.typingUntil.set(key, Date.now() + forMs);
    renderPhone(bsuid);
    setTimeout(() => renderPhone(bsuid), forMs + 50);
  });
  on('webhook', (webhook) => {
    const index = state.webhooks.findIndex((each) => each.number === webhook.number);
    if (index === -1) state.webhooks.unshift(webhook);
    else state.webhooks[index] = webhook;
    state.webhooks.length = Math.min(state.webhooks.length, 50);
    renderWebhooks();
  });
  on('scenarios', (active) => {
    state.scenarios = active;
    renderScenarios();
  });
  on('templates', () => void loadTemplates());
  on('numbers', () => void load());
  on('clock', (clock) => {
    setClock(clock);
    void load();
  });
  on('reset', () => {
    state.chats.clear();
    void load();
  });
}

// ---- what a phone does

/** @param {any} phone @param {object} parts */
async function write(phone, parts) {
  const replyTo = state.replyTo.get(phone.bsuid);
  state.replyTo.delete(phone.bsuid);
  const from = {
    ...(phone.phone && !phone.hidesPhone ? { phone: phone.phone } : { bsuid: phone.bsuid }),
    ...(phone.username && { username: phone.username }),
  };
  await api('POST', '/sandbox/inbound', { phoneNumberId: numberId(), from, ...(replyTo && { replyTo }), ...parts });
  await loadChats(phone.bsuid);
  renderPhone(phone.bsuid);
  const log = frameOf(phone.bsuid).querySelector('.chat');
  if (log && !('message' in parts && /** @type {any} */ (parts).message.type === 'reaction'))
    log.scrollTop = log.scrollHeight;
}

/** @param {any} phone @param {File} file @param {string} caption @param {boolean} voice */
async function sendFile(phone, file, caption, voice) {
  const query = new URLSearchParams({ phoneNumberId: numberId(), fileName: file.name });
  const type = file.type || 'application/octet-stream';
  const response = await fetch(`/sandbox/media?${query}`, {
    method: 'POST',
    headers: { 'content-type': type === 'text/plain' ? 'text/plain+file' : type },
    body: file,
  });
  const answer = await response.json();
  if (!response.ok) return tellProblem(answer.error);
  await write(phone, { media: { id: answer.id, ...(caption && { caption }), ...(voice && { voice }) } });
}

/** @param {any} phone @param {any} message @param {import('./bubbles.js').Choice} choice */
async function choose(phone, message, choice) {
  if (choice.message) return write(phone, { replyTo: message.wamid, message: choice.message });
  if (!choice.rows) return undefined;
  const dialog = $('list');
  $('list-title').textContent = message.content.action.button;
  $('list-rows').replaceChildren(
    ...choice.rows.flatMap((section) => [
      section.title ? h('h3', {}, section.title) : '',
      ...section.rows.map((/** @type {any} */ row) =>
        h(
          'label',
          { className: 'row' },
          h('input', { type: 'radio', name: 'row', value: row.id, required: true }),
          h('span', {}, row.title, row.description && h('small', {}, row.description)),
        ),
      ),
    ]),
  );
  dialog.returnValue = '';
  dialog.showModal();
  await new Promise((resolve) => dialog.addEventListener('close', resolve, { once: true }));
  const id = dialog.querySelector('input:checked')?.value;
  if (dialog.returnValue !== 'send' || id === undefined) return undefined;
  const row = choice.rows.flatMap((section) => section.rows).find((/** @type {any} */ each) => each.id === id);
  const reply = { id, title: row.title, ...(row.description && { description: row.description }) };
  return write(phone, {
    replyTo: message.wamid,
    message: { type: 'interactive', interactive: { type: 'list_reply', list_reply: reply } },
  });
}

// ---- rendering

function renderAll() {
  renderPhones();
  renderOpen();
  renderScenarios();
  renderWebhooks();
}

/** @param {any} message */
const isShown = (message) => !message.isHidden && !message.isWaiting;
/** @param {any} phone */
const nameOf = (phone) => phone.name ?? phone.username ?? (phone.phone ? `+${phone.phone}` : phone.bsuid);
/** @param {any} phone */
const addressOf = (phone) => (phone.phone && !phone.hidesPhone ? `+${phone.phone}` : phone.bsuid);

function renderPhones() {
  const phones = [...state.phones.values()].toReversed();
  $('phones').replaceChildren(
    ...phones.map((phone) => {
      const isOpen = state.open.includes(phone.bsuid);
      const last = state.chats.get(chatKey(phone.bsuid))?.messages.findLast(isShown);
      return h(
        'li',
        {},
        h(
          'button',
          { type: 'button', 'aria-pressed': isOpen, onclick: () => void toggle(phone.bsuid) },
          h('strong', {}, nameOf(phone)),
          h('small', {}, addressOf(phone)),
          h('small', { className: 'last' }, summaryOf(last)),
        ),
      );
    }),
  );
}

/** @param {string} bsuid */
async function toggle(bsuid) {
  if (state.open.includes(bsuid)) state.open = state.open.filter((each) => each !== bsuid);
  else {
    await loadChats(bsuid);
    state.open = [...state.open, bsuid].slice(-3);
  }
  localStorage.setItem(STORED, JSON.stringify(state.open));
  renderAll();
}

function renderOpen() {
  const holder = $('open');
  for (const element of [...holder.children]) if (!state.open.includes(element.dataset.bsuid)) element.remove();
  if (state.open.length === 0)
    holder.replaceChildren(h('p', { className: 'empty' }, 'Add a phone, or choose one, to write as a customer.'));
  for (const bsuid of state.open) renderPhone(bsuid);
}

/** @param {string} bsuid @returns {HTMLElement} */
function frameOf(bsuid) {
  const found = [...$('open').children].find((element) => element.dataset.bsuid === bsuid);
  if (found) return found;
  const phone = () => state.phones.get(bsuid);
  const input = /** @type {HTMLTextAreaElement} */ (
    h('textarea', {
      rows: 1,
      placeholder: 'Message',
      'aria-label': `Message from ${nameOf(phone())}`,
      autocomplete: 'off',
    })
  );
  const file = /** @type {HTMLInputElement} */ (h('input', { type: 'file', hidden: true, tabIndex: -1 }));
  const send = async () => {
    const text = input.value;
    if (text.trim() === '') return;
    input.value = '';
    await write(phone(), { text });
    input.focus();
  };
  file.addEventListener('change', () => {
    const [chosen] = file.files ?? [];
    if (chosen) void sendFile(phone(), chosen, input.value, chosen.type.startsWith('audio/ogg'));
    input.value = '';
    file.value = '';
  });
  input.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    void send();
  });
  /** @param {string} label @param {string} name */
  const more = (label, name) => h('option', { value: name }, label);
  const menu = /** @type {HTMLSelectElement} */ (
    h(
      'select',
      { 'aria-label': 'Send something else' },
      more('+', ''),
      more('File …', 'file'),
      more('Location', 'location'),
      more('Contact', 'contact'),
      more('From an ad', 'ad'),
      more('What WhatsApp cannot show', 'unsupported'),
    )
  );
  menu.addEventListener('change', () => {
    const chosen = menu.value;
    menu.value = '';
    if (chosen === 'file') file.click();
    else if (chosen === 'ad') void write(phone(), { text: input.value || 'Ich habe Ihre Anzeige gesehen.', ad: true });
    else if (OTHERS[chosen]) void write(phone(), { message: OTHERS[chosen] });
  });
  const frame = h(
    'article',
    { className: 'phone', 'data-bsuid': bsuid, 'aria-label': `Phone of ${nameOf(phone())}` },
    h('header', {}),
    h('ol', { className: 'chat', role: 'log', 'aria-label': 'Chat', tabIndex: 0 }),
    h('div', { className: 'quote', hidden: true }),
    h(
      'form',
      {
        className: 'composer',
        onsubmit: (/** @type {Event} */ event) =>
          (event.preventDefault(), void send()),
      },
      menu,
      file,
      input,
      h('button', { className: 'primary', 'aria-label': 'Send' }, '➤'),
    ),
    h('div', { className: 'switches' }),
  );
  $('open').querySelector('.empty')?.remove();
  $('open').append(frame);
  return frame;
}

/** @type {Record<string, object>} */
const OTHERS = {
  location: {
    type: 'location',
    location: { latitude: 52.5186, longitude: 13.3763, name: 'Reichstag', address: 'Platz der Republik 1, Berlin' },
  },
  contact: {
    type: 'contacts',
    contacts: [
      {
        name: { formatted_name: 'Max Muster', first_name: 'Max', last_name: 'Muster' },
        phones: [{ phone: '+49 1511 7654321', wa_id: '4915117654321', type: 'CELL' }],
      },
    ],
  },
  unsupported: {
    type: 'unsupported',
    unsupported: { type: 'poll_creation' },
    errors: [
      {
        code: 131051,
        title: 'Message type unknown',
        message: 'Message type unknown',
        error_data: { details: 'Message type is currently not supported.' },
      },
    ],
  },
};

const SWITCHES = /** @type {const} */ ([
  ['isOnline', 'online'],
  ['readsAtOnce', 'reads at once'],
  ['hidesReading', 'hides reading'],
  ['hidesPhone', 'hides phone number'],
  ['stoppedMarketing', 'stopped marketing'],
]);

/** @param {string} bsuid */
function renderPhone(bsuid) {
  const phone = state.phones.get(bsuid);
  if (!phone || !state.open.includes(bsuid)) return;
  const frame = frameOf(bsuid);
  const [header, log, quote, , switches] = /** @type {HTMLElement[]} */ ([...frame.children]);
  const chat = state.chats.get(chatKey(bsuid)) ?? { messages: [] };
  const number = state.numbers.find((each) => each.phoneNumberId === numberId());
  const isTyping = (state.typingUntil.get(chatKey(bsuid)) ?? 0) > Date.now();

  header.replaceChildren(
    h('span', { className: 'avatar', 'aria-hidden': 'true' }, (number?.verifiedName ?? '?').slice(0, 1)),
    h(
      'div',
      {},
      h('strong', {}, number?.verifiedName ?? ''),
      h(
        'small',
        { className: isTyping ? 'typing' : '', role: 'status' },
        isTyping ? 'typing …' : (number?.about ?? ''),
      ),
    ),
    h('div', { className: 'owner' }, h('strong', {}, nameOf(phone)), h('small', {}, addressOf(phone))),
    h(
      'button',
      {
        type: 'button',
        className: 'close',
        'aria-label': `Close the phone of ${nameOf(phone)}`,
        onclick: () => void toggle(bsuid),
      },
      '✕',
    ),
  );

  const isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  const byId = new Map(chat.messages.map((/** @type {any} */ message) => [message.wamid, message]));
  const shown = chat.messages.filter(isShown);
  const focused = focusedIn(log);
  log.replaceChildren(
    ...shown.map((/** @type {any} */ message) => bubble(phone, number, message, byId.get(message.replyTo))),
  );
  if (focused) focusAgain(log, focused);
  if (isAtEnd || log.childElementCount <= 1) log.scrollTop = log.scrollHeight;

  const replyTo = state.replyTo.get(bsuid);
  quote.hidden = replyTo === undefined;
  quote.replaceChildren(
    h('span', {}, `Answering: ${summaryOf(byId.get(replyTo))}`),
    h(
      'button',
      {
        type: 'button',
        'aria-label': 'Do not answer',
        onclick: () => (state.replyTo.delete(bsuid), renderPhone(bsuid)),
      },
      '✕',
    ),
  );

  const unread =
    phone.isOnline &&
    !phone.readsAtOnce &&
    shown.some((/** @type {any} */ message) => message.from === 'business' && message.status === 'delivered');
  switches.replaceChildren(
    ...SWITCHES.map(([name, label]) =>
      h(
        'label',
        { className: 'check' },
        h('input', {
          type: 'checkbox',
          checked: phone[name],
          onchange: (/** @type {any} */ event) =>
            void api('PATCH', `/sandbox/phones/${encodeURIComponent(bsuid)}`, { [name]: event.target.checked }),
        }),
        label,
      ),
    ),
    ...(unread
      ? [
          h(
            'button',
            {
              type: 'button',
              onclick: () =>
                void api('POST', `/sandbox/phones/${encodeURIComponent(bsuid)}`, { phoneNumberId: numberId() }),
            },
            'Read now',
          ),
        ]
      : []),
    h('small', { className: 'window' }, windowText(chat)),
  );
}

/** Which part of which message has the focus: rendering anew must not take it away. @param {HTMLElement} log */
function focusedIn(log) {
  const element = document.activeElement;
  const item = element?.closest('li');
  if (!element || !item || !log.contains(item)) return undefined;
  return { wamid: item.dataset.wamid, index: [...item.querySelectorAll('button, a')].indexOf(element) };
}

/** @param {HTMLElement} log @param {{ wamid: string | undefined, index: number }} focused */
function focusAgain(log, { wamid, index }) {
  const item = /** @type {HTMLElement[]} */ ([...log.children]).find((each) => each.dataset.wamid === wamid);
  // The buttons of a message are there only while it has the focus.
  item?.focus({ preventScroll: true });
  /** @type {HTMLElement | undefined} */ (item?.querySelectorAll('button, a')[index])?.focus({ preventScroll: true });
}

/** @param {any} chat */
function windowText(chat) {
  if (chat.entryPointEndsAt) return `Free entry point until ${shortTime(chat.entryPointEndsAt)}`;
  if (!chat.windowEndsAt) return 'Never written here';
  return chat.isWindowOpen
    ? `Window open until ${shortTime(chat.windowEndsAt)}`
    : `Window closed since ${shortTime(chat.windowEndsAt)}`;
}

/** @param {any} phone @param {any} number @param {any} message @param {any} [target] */
function bubble(phone, number, message, target) {
  const isMine = message.from === 'customer';
  const reactions = [message.reactions.customer, message.reactions.business].filter(Boolean).join('');
  const details = isMine
    ? ''
    : [message.from === 'business_app' ? 'phone app' : message.status, message.price].filter(Boolean).join(' · ');
  return h(
    'li',
    { className: isMine ? 'mine' : 'theirs', 'data-wamid': message.wamid, tabIndex: 0 },
    h(
      'div',
      { className: 'bubble' },
      target && h('blockquote', {}, summaryOf(target)),
      contentOf(message),
      h(
        'span',
        { className: 'meta' },
        message.isEdited && 'edited ',
        h('time', { dateTime: new Date(message.at).toISOString() }, clockTime(message.at)),
        isMine && ticks(message.status),
      ),
    ),
    ...choicesOf(message, { phone, number }).map((choice) =>
      choice.url
        ? h(
            'a',
            { className: 'choice', href: choice.url, target: '_blank', rel: 'noopener noreferrer' },
            `↗ ${choice.label}`,
          )
        : h(
            'button',
            {
              type: 'button',
              className: 'choice',
              title: choice.hint ?? '',
              disabled: !choice.message && !choice.rows,
              onclick: () => void choose(phone, message, choice),
            },
            choice.label,
          ),
    ),
    reactions && h('span', { className: 'reactions', 'aria-label': `Reactions: ${reactions}` }, reactions),
    details && h('small', { className: 'details' }, details),
    !message.isRevoked && actions(phone, message, isMine),
  );
}

/** @param {string} status */
function ticks(status) {
  const name = status === 'read' ? 'read' : status === 'delivered' ? 'delivered' : 'sent';
  return h('span', { className: `ticks ${name}`, role: 'img', 'aria-label': name }, name === 'sent' ? '✓' : '✓✓');
}

/** @param {any} phone @param {any} message @param {boolean} isMine */
function actions(phone, message, isMine) {
  /** @param {string} label @param {string} text @param {() => void} act */
  const action = (label, text, act) =>
    h('button', { type: 'button', 'aria-label': label, title: label, onclick: act }, text);
  const react = (/** @type {string} */ emoji) => {
    // The same once more takes it back: then the key is missing.
    const isSame = message.reactions.customer === emoji;
    const reaction = { message_id: message.wamid, ...(!isSame && { emoji }) };
    void write(phone, { message: { type: 'reaction', reaction } });
  };
  return h(
    'div',
    { className: 'actions', role: 'group', 'aria-label': 'What to do with this message' },
    action('Answer this', '↩', () => {
      state.replyTo.set(phone.bsuid, message.wamid);
      renderPhone(phone.bsuid);
      frameOf(phone.bsuid).querySelector('textarea')?.focus();
    }),
    ...(isMine
      ? [
          action(
            'Delete for everyone',
            '🗑',
            () => void write(phone, { message: { type: 'revoke', revoke: { original_message_id: message.wamid } } }),
          ),
        ]
      : REACTIONS.map((emoji) => action(`React with ${emoji}`, emoji, () => react(emoji)))),
  );
}

function renderScenarios() {
  $('active-scenarios').replaceChildren(
    ...state.scenarios.map((scenario) => {
      const { name, ...settings } = scenario;
      const text = Object.entries(settings)
        .map(([key, value]) => `${key} ${value}`)
        .join(', ');
      return h(
        'li',
        {},
        h('span', {}, h('strong', {}, name), text && h('small', {}, text)),
        h(
          'button',
          {
            type: 'button',
            'aria-label': `Switch off ${name}`,
            onclick: () => void api('DELETE', `/sandbox/scenarios/${name}`),
          },
          'Off',
        ),
      );
    }),
  );
}

function renderWebhooks() {
  const isExpanded = new Set(
    [...$('webhooks').querySelectorAll('details[open]')].map((element) => element.dataset.number),
  );
  $('webhooks').replaceChildren(
    ...state.webhooks.map((webhook) => {
      let subject = '';
      try {
        const { changes } = JSON.parse(webhook.body).entry[0];
        const { field, value } = changes[0];
        subject = [field, value.messages?.[0]?.type, value.statuses?.[0]?.status, value.event]
          .filter(Boolean)
          .join(' · ');
      } catch {
        subject = 'too long to show';
      }
      return h(
        'li',
        { className: webhook.state.replaceAll(' ', '-') },
        h(
          'details',
          { 'data-number': webhook.number, open: isExpanded.has(String(webhook.number)) },
          h(
            'summary',
            {},
            h('span', {}, subject),
            h(
              'small',
              {},
              `${webhook.state}${webhook.status ? ` ${webhook.status}` : ''}${webhook.attempts > 1 ? ` ×${webhook.attempts}` : ''}`,
            ),
          ),
          h('pre', { tabIndex: 0 }, pretty(webhook.body)),
        ),
      );
    }),
  );
}

/** @param {any[]} templates */
function renderTemplates(templates) {
  $('templates').replaceChildren(
    ...templates.map((template) => {
      const act = (/** @type {object} */ change) => void api('POST', `/sandbox/templates/${template.id}`, change);
      /** @param {string} label @param {object} change */
      const button = (label, change) => h('button', { type: 'button', onclick: () => act(change) }, label);
      const isWaiting = template.status === 'PENDING';
      return h(
        'li',
        {},
        h(
          'span',
          {},
          h('strong', {}, `${template.name} (${template.language})`),
          h('small', {}, `${template.category} · ${template.status} · ${template.quality_score.score}`),
        ),
        h(
          'span',
          { className: 'buttons' },
          isWaiting && button('Approve', { event: 'APPROVED' }),
          isWaiting && button('Reject', { event: 'REJECTED', reason: 'INVALID_FORMAT' }),
          template.status === 'APPROVED' && button('Pause', { pause: true }),
          template.category === 'UTILITY' && button('→ Marketing', { category: 'MARKETING' }),
          button('Red', { quality: 'RED' }),
        ),
      );
    }),
  );
}

/** @param {string} body */
function pretty(body) {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}

// ---- clock

/** @param {{ now: string, isFrozen: boolean }} clock */
function setClock({ now, isFrozen }) {
  state.clock = { now: Date.parse(now), at: Date.now(), isFrozen };
  $('freeze').setAttribute('aria-pressed', String(isFrozen));
  $('freeze').textContent = isFrozen ? 'Go on' : 'Freeze';
  renderClock();
}
function renderClock() {
  const { now, at, isFrozen } = state.clock;
  const current = new Date(isFrozen ? now : now + Date.now() - at);
  $('now').dateTime = current.toISOString();
  $('now').textContent = current.toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
}
/** @param {number} at */
const clockTime = (at) => new Date(at).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
/** @param {string} at */
const shortTime = (at) =>
  new Date(at).toLocaleString('en-GB', { day: '2-digit', month: 'short', hour: '2-digit', minute: '2-digit' });

// ---- what the page does

$('number').addEventListener('change', renderAll);
for (const button of document.querySelectorAll('[data-advance]')) {
  button.addEventListener(
    'click',
    () =>
      void api('POST', '/sandbox/clock', { advanceMs: Number(/** @type {HTMLElement} */ (button).dataset.advance) }),
  );
}
$('freeze').addEventListener('click', () => void api('POST', '/sandbox/clock', { isFrozen: !state.clock.isFrozen }));
$('move').addEventListener('submit', (/** @type {Event} */ event) => {
  event.preventDefault();
  void api('POST', '/sandbox/clock', { to: new Date($('date').value).toISOString() });
});
$('new-phone').addEventListener('submit', async (/** @type {Event} */ event) => {
  event.preventDefault();
  const name = $('new-name').value.trim();
  const digits = $('new-number').value.replaceAll(/\D/g, '');
  const isHidden = $('new-hidden').checked;
  if (!isHidden && digits === '') return tellProblem('A phone needs a number.');
  const phone = await api('POST', '/sandbox/phones', {
    name,
    ...(digits !== '' && { phone: digits }),
    ...(isHidden && { hidesPhone: true, username: name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '.') }),
  });
  state.phones.set(phone.bsuid, phone);
  if (!state.open.includes(phone.bsuid)) await toggle(phone.bsuid);
});
$('scenario').addEventListener('submit', (/** @type {Event} */ event) => {
  event.preventDefault();
  const to = $('scenario-to').value.trim();
  const times = Number($('scenario-times').value);
  void api('PUT', `/sandbox/scenarios/${encodeURIComponent($('scenario-name').value)}`, {
    ...(to && { to }),
    ...(times > 0 && { times }),
  });
});
$('scenario-name').addEventListener('input', () => {
  $('scenario-text').textContent = state.known.get($('scenario-name').value) ?? '';
});
$('sample').addEventListener('submit', (/** @type {Event} */ event) => {
  event.preventDefault();
  void api('POST', '/sandbox/webhooks', { field: $('sample-field').value, phoneNumberId: numberId() });
});
setInterval(renderClock, 1000);
await loadScenarios();
await load();
listen();
