// The receipt as it was answered, digit for digit.
import { useQuery } from '@tanstack/preact-query';
import { ask } from '@/lib/api';
import { download } from '@/lib/actions';
import { pretty } from '@/lib/pretty';
import { ErrorCard, Skeleton } from '@/ui/card';
import { CodeBlock } from '@/ui/controls';
import { Dialog } from '@/ui/dialog';

export function RawJson({ id, onClose }: { id: string; onClose: () => void }) {
  const raw = useQuery({ queryKey: ['receipt-text', id], queryFn: async ({ signal }) => pretty(await (await ask(`/api/v1/receipts/${encodeURIComponent(id)}`, { signal })).text()) });
  return (
    <Dialog title={`${id}.json`} class="wide" onClose={onClose} foot={<button type="button" class="btn" disabled={!raw.data} onClick={() => download(`${id}.json`, 'application/json', raw.data ?? '')}>Download</button>}>
      {raw.isPending && <Skeleton height={300} />}
      {raw.isError && <ErrorCard error={raw.error} retry={() => void raw.refetch()} />}
      {raw.data !== undefined && <CodeBlock text={raw.data} what="receipt as JSON" />}
    </Dialog>
  );
}
