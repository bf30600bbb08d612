// Columns, saving the view, and the export with progress and a way to stop it.
import { Bookmark, Columns3, Download, Trash2, X } from 'lucide-preact';
import { useRef, useState } from 'preact/hooks';
import { useLocation, useSearch } from 'wouter-preact';
import { csvRow, download, failed, toast } from '@/lib/actions';
import { http, listReceipts } from '@/lib/api';
import { count } from '@/lib/format';
import { withExtra } from '@/lib/filters';
import { useShortcuts } from '@/lib/keys';
import type { FilterState } from '@/lib/state';
import { Popover } from '@/ui/popover';
import { defaultColumns, type ReceiptCol } from '@/views/receipts/columns';
import { listParams } from '@/views/receipts/data';
import { useSavedViews } from '@/views/receipts/saved';

export const chosenColumns = (state: FilterState): string[] => state.filters.extra.cols?.split('.').filter(Boolean) ?? defaultColumns;

export function ColumnPicker({ state, cols }: { state: FilterState; cols: readonly ReceiptCol[] }) {
  const chosen = chosenColumns(state);
  const toggle = (key: string) => {
    const next = cols.map((col) => col.key).filter((one) => (one === key ? !chosen.includes(one) : chosen.includes(one)));
    const text = next.join('.');
    state.set(withExtra(state.filters, 'cols', text === defaultColumns.join('.') || text === '' ? '' : text), { replace: true });
  };
  return (
    <Popover right class="btn sm gh" button={<><Columns3 size={14} aria-hidden="true" />Columns</>}>
      {() => <div class="list">{cols.map((col) => <label key={col.key} class="menu-i"><input type="checkbox" checked={chosen.includes(col.key)} onChange={() => toggle(col.key)} />{col.head}</label>)}</div>}
    </Popover>
  );
}

function SaveForm({ close }: { close: () => void }) {
  const [name, setName] = useState('');
  const [path] = useLocation();
  const search = useSearch();
  const saved = useSavedViews();
  const save = async (event: Event) => {
    event.preventDefault();
    try {
      await http.POST('/api/v1/saved-views', { body: { name: name.trim(), page: path.split('/')[1] ?? 'receipts', query: search.replace(/^\?/, '') } });
      toast('View saved');
      saved.reload();
      close();
    } catch (error) {
      failed(error);
    }
  };
  const remove = async (id: string) => {
    await http.DELETE('/api/v1/saved-views/{id}', { params: { path: { id } } }).catch(failed);
    saved.reload();
  };
  const own = saved.views.filter((view) => view.own);
  return (
    <div class="picker">
      <form class="row" onSubmit={(event) => void save(event)}>
        <div class="field sp"><label for="view-name">Save this view as</label><input id="view-name" class="input" maxLength={80} required value={name} onInput={(event) => setName(event.currentTarget.value)} /></div>
        <button type="submit" class="btn sm pri">Save</button>
      </form>
      {own.map((view) => <div key={view.id} class="menu-i"><bdi class="clip">{view.name}</bdi><span class="sp" /><button type="button" class="cp" aria-label={`Delete ${view.name}`} onClick={() => void remove(view.id)}><Trash2 size={13} aria-hidden="true" /></button></div>)}
    </div>
  );
}
export const SaveView = () => <Popover right class="btn sm gh" button={<><Bookmark size={14} aria-hidden="true" />Save view</>}>{(close) => <SaveForm close={close} />}</Popover>;

type Progress = { done: number } | null;

/** All matching receipts, page by page by cursor, exactly as listed; no cap. */
export function ExportCsv({ state, cols, total }: { state: FilterState; cols: readonly ReceiptCol[]; total: number | null }) {
  const [progress, setProgress] = useState<Progress>(null);
  const stop = useRef<AbortController | null>(null);
  const run = async () => {
    if (progress) return;
    setProgress({ done: 0 });
    const abort = new AbortController();
    stop.current = abort;
    const parts: string[] = [csvRow(cols.map((col) => col.key))];
    let cursor: string | null = null;
    let done = 0;
    try {
      do {
        const page: Awaited<ReturnType<typeof listReceipts>> = await listReceipts({ ...listParams(state), limit: '1000', ...(cursor ? { cursor } : {}) }, abort.signal);
        parts.push(...page.receipts.map((row) => csvRow(cols.map((col) => col.csv(row)))));
        done += page.receipts.length;
        setProgress({ done });
        cursor = page.next;
      } while (cursor);
      download('receipts.csv', 'text/csv', parts.join(''));
      toast(`${count(done)} receipts exported`);
    } catch (error) {
      if (!abort.signal.aborted) toast(`Export stopped: ${error instanceof Error ? error.message : String(error)}`, true);
    }
    setProgress(null);
  };
  useShortcuts([{ keys: 'e', label: 'Export', run: () => void run() }]);
  if (progress) {
    return (
      <span class="chip" role="status">
        <span class="n">{count(progress.done)}{total === null ? '' : ` of ${count(total)}`}</span>
        <button type="button" aria-label="Stop the export" onClick={() => stop.current?.abort()}><X size={13} aria-hidden="true" />Stop</button>
      </span>
    );
  }
  return <button type="button" class="btn" title={total === null ? undefined : `${count(total)} receipts`} onClick={() => void run()}><Download size={15} aria-hidden="true" />Export CSV</button>;
}
