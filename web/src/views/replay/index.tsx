import { NotAvailable } from '@/ui/unbuilt';

export default function View() {
  return <NotAvailable title="Replay" why="This server cannot replay receipts." />;
}
