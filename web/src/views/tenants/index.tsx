import { NotAvailable } from '@/ui/unbuilt';

export default function View() {
  return <NotAvailable title="Tenants" why="This view is not built yet. Its receipts are under Search." />;
}
