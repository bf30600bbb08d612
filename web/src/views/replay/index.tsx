// Replay: a request is asked again, of the same or another model, and what came of it is laid beside what was.
import { useLocation } from 'wouter-preact';
import { useFilters } from '@/lib/state';
import { Runs } from '@/views/replay/runs';
import { RunPage } from '@/views/replay/run';
import { Single } from '@/views/replay/single';

export default function Replay() {
  const [path] = useLocation();
  const { filters } = useFilters();
  const run = path.split('/')[2];
  if (run) return <RunPage key={run} id={run} />;
  const of = filters.extra.of ?? '';
  return of ? <Single key={of} of={of} /> : <Runs />;
}
