// What requests can be sent to, and the quality that routing expects of it: a prior of the catalog or the configuration, no measurement.
import { useQuery } from '@tanstack/preact-query';
import { http, type Schemas } from '@/lib/api';

export type ModelEntry = Schemas['Models']['models'][number];
export interface Quality {
  value: number;
  source: string;
}
export const useModels = () => useQuery({ queryKey: ['models'], queryFn: async ({ signal }) => (await http.GET('/api/v1/models', { signal })).data?.models ?? [], staleTime: 300_000 });

/** The models that a request can name, each once. */
export const modelNames = (models: readonly ModelEntry[] = []): string[] => [...new Set(models.map((one) => one.id))];

/** By model id and category; the same model has the same at every provider. */
export function qualityOf(models: readonly ModelEntry[], id: string, category: string): Quality | null {
  return models.find((one) => one.id === id)?.quality[category] ?? null;
}

/** The mean over categories, by how many requests each had; only where each is known for at least half of them. */
export function meanQuality(models: readonly ModelEntry[], id: string, weights: ReadonlyMap<string, number>): number | null {
  let [known, all, total] = [0, 0, 0];
  for (const [category, weight] of weights) {
    all += weight;
    const quality = qualityOf(models, id, category);
    if (!quality) continue;
    known += weight;
    total += weight * quality.value;
  }
  return known === 0 || known * 2 < all ? null : total / known;
}
