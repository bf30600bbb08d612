import { NotAvailable } from '@/ui/unbuilt';

export default function View() {
  return <NotAvailable title="Search" why="This view is not built yet." />;
}
