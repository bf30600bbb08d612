// How a cap stands, in words: never by colour alone.
import { Ban, Lock, Pencil, ShieldCheck, TriangleAlert } from 'lucide-preact';
import { type Budget, actionText, periodText, reaches, usageOf } from '@/lib/budgets';
import { money, percent, time } from '@/lib/format';
import { Tag } from '@/ui/figures';

export function CapState({ budget }: { budget: Budget }) {
  if (budget.state.level === 'blocked') return <Tag tone="neg"><Ban size={12} aria-hidden="true" />Blocked now</Tag>;
  const what = budget.on_exceed === 'refuse' ? 'Enforcing' : actionText[budget.on_exceed];
  return <Tag tone="pos"><ShieldCheck size={12} aria-hidden="true" />{what}</Tag>;
}

export function CapUse({ budget, wide = false }: { budget: Budget; wide?: boolean }) {
  const { share } = usageOf(budget);
  const level = share >= 0.98 ? 'neg' : budget.state.level === 'warn' || share >= 0.85 ? 'warn' : '';
  return (
    <span class={`cap ${level}`}>
      <span class="bar"><i style={{ '--w': `${Math.min(100, share * 100)}%` }} /></span>
      <b class="n">{percent(share).replace(/\.\d%$/, '%')}</b>
      {!wide && <span class="mut">of {money(budget.cap_usd)} {periodText[budget.period]}</span>}
    </span>
  );
}

export function CapReach({ budget, now, zone }: { budget: Budget; now: number; zone: string }) {
  const { share } = usageOf(budget);
  if (share >= 1) return <Tag tone="neg"><TriangleAlert size={12} aria-hidden="true" />Reached</Tag>;
  const at = reaches(budget, now);
  if (!at) return <span class="mut">{budget.period === 'total' ? '—' : `Not this ${budget.period}`}</span>;
  const days = Math.floor((at.getTime() - now) / 86_400_000);
  const soon = budget.period === 'day' ? `Today, ${time(at, 'clock', zone).slice(0, 5)}` : days < 1 ? 'In less than a day' : `In ${days} ${days === 1 ? 'day' : 'days'} · ${time(at, 'day', zone)}`;
  return <Tag tone="warn"><TriangleAlert size={12} aria-hidden="true" />{soon}</Tag>;
}

export const Managed = ({ budget, editable }: { budget: Budget; editable: boolean }) =>
  budget.managed === 'file' ? <span class="mut file" title="Comes from the configuration file: change it there and reload"><Lock size={12} aria-hidden="true" />file</span> : editable ? <Pencil size={12} aria-hidden="true" /> : null;
