import { ask } from './api.js';
import { h } from './elements.js';
import type { Period } from './figures.js';
import { language, momentName, number, words } from './language.js';

const POLL_MS = 1_000;
/** The URL of a file is good for half an hour. */
const RENEW_MS = 20 * 60_000;
const SHOWN = 5;

interface CostExport {
  id: string;
  state: 'WAITING' | 'RUNNING' | 'COMPLETED' | 'FAILED' | 'CANCELLED';
  fileName: string;
  position: number;
  total: number | null;
  createdAt: string;
  downloadUrl: string | null;
}

const LIST = `{ costExports(first: ${SHOWN}) { nodes { id state fileName position total createdAt downloadUrl } } }`;
const START = `mutation ($input: StartCostExportInput!) { startCostExport(input: $input) { __typename } }`;
const STATEMENT = `mutation ($input: StartCostStatementInput!) { startCostStatement(input: $input) { __typename } }`;
const isAtWork = ({ state }: CostExport) => state === 'WAITING' || state === 'RUNNING';

/** Buttons for files of a month, and the files that there are, with how far they are. */
export function exportsSection(month: string, period: Period): HTMLElement {
  const list = h('ul', { class: 'files' });
  const told = h('p', { class: 'note', role: 'status' });
  const shown = new Map<string, { says: string; item: HTMLElement }>();
  let polling: ReturnType<typeof setTimeout> | undefined;

  async function refresh(): Promise<void> {
    clearTimeout(polling);
    const { costExports } = await ask<{ costExports: { nodes: CostExport[] } }>(LIST);
    const { nodes } = costExports;
    nodes.toReversed().forEach(show);
    for (const [id, { item }] of shown) if (!nodes.some((file) => file.id === id)) item.remove();
    const isWaiting = nodes.some(isAtWork);
    const again = () => list.isConnected && void refresh().catch(fail);
    polling = setTimeout(again, isWaiting ? POLL_MS : RENEW_MS);
    if (!isWaiting && told.textContent !== '' && nodes[0]) {
      told.textContent = nodes[0].state === 'COMPLETED' ? words().fileReady(nodes[0].fileName) : words().failed;
    }
  }

  /** What has not changed stays where it is, and keeps the focus. */
  function show(file: CostExport): void {
    const says = JSON.stringify([file.state, file.position, file.total]);
    const before = shown.get(file.id);
    if (before?.says === says) {
      if (file.downloadUrl !== null) before.item.querySelector('a')?.setAttribute('href', file.downloadUrl);
      return;
    }
    const item = fileItem(file);
    if (before) before.item.replaceWith(item);
    else list.prepend(item);
    shown.set(file.id, { says, item });
  }

  function fail(): void {
    told.textContent = words().failed;
  }

  async function start(mutation: string, input: object): Promise<void> {
    told.textContent = words().fileBegun;
    try {
      await ask(mutation, { input: { ...input, idempotencyKey: crypto.randomUUID() } });
      await refresh();
    } catch {
      fail();
    }
  }

  const csv = (numberFormat: 'GERMAN' | 'ENGLISH', withByteOrderMark: boolean) => ({
    period,
    format: 'CSV',
    numberFormat,
    withByteOrderMark,
  });
  const button = (text: string, mutation: string, input: object) =>
    h('button', { type: 'button', click: () => void start(mutation, input) }, text);
  void refresh().catch(fail);
  return h(
    'div',
    {},
    h(
      'div',
      { class: 'buttons', role: 'group', 'aria-label': words().exports },
      button(words().csvGerman, START, csv('GERMAN', true)),
      button(words().csvEnglish, START, csv('ENGLISH', false)),
      button(words().xlsx, START, { period, format: 'XLSX' }),
      button(words().focus, START, { period, format: 'CSV', columns: 'FOCUS' }),
      button(words().statement, STATEMENT, { month, language: language().toUpperCase() }),
    ),
    told,
    list,
  );
}

function fileItem(file: CostExport): HTMLElement {
  const { fileName, position, total, createdAt, downloadUrl } = file;
  const name =
    downloadUrl === null ? h('span', {}, fileName) : h('a', { href: downloadUrl, download: fileName }, fileName);
  const bar = h('progress', { 'aria-label': fileName, ...(total !== null && { max: String(total || 1) }) });
  if (total !== null) bar.value = position;
  const progress = total === null ? number(position) : words().progress(number(position), number(total));
  return h(
    'li',
    {},
    name,
    h('span', { class: 'note' }, `${momentName(createdAt)}, ${words().fileStates[file.state] ?? file.state}`),
    ...(isAtWork(file) ? [bar, h('span', { class: 'note' }, progress)] : []),
  );
}
