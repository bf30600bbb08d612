import { NotAvailable } from '@/ui/unbuilt';

export default function View() {
  return <NotAvailable title="Live feed" why="This view is not built yet." />;
}
