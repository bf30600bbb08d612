// A receipt beside the list: its sentence, facts and costs.
import { Link } from 'wouter-preact';
import { ErrorCard, Skeleton } from '@/ui/card';
import { Dialog } from '@/ui/dialog';
import { StatusTag, Time } from '@/ui/figures';
import { Costs } from '@/views/receipt/cost';
import { useReceipt } from '@/views/receipt/data';
import { Summary } from '@/views/receipt/summary';

export function Peek({ id, href, onClose }: { id: string; href: string; onClose: () => void }) {
  const receipt = useReceipt(id);
  return (
    <Dialog title={id} class="side-sheet" onClose={onClose} foot={<Link class="btn pri" href={href} onClick={onClose}>Open receipt</Link>}>
      {receipt.isPending && <Skeleton height={300} />}
      {receipt.isError && <ErrorCard error={receipt.error} retry={() => void receipt.refetch()} />}
      {receipt.data && <><p class="row"><StatusTag status={receipt.data.execution.status} /><Time value={receipt.data.created_at} as="full" /></p><Summary receipt={receipt.data} /><Costs receipt={receipt.data} /></>}
    </Dialog>
  );
}
