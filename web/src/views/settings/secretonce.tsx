// A new key, the one time that it can be seen.
import { TriangleAlert } from 'lucide-preact';
import type { NewKey } from '@/lib/admin';
import { Notice } from '@/ui/card';
import { CodeBlock } from '@/ui/controls';

export function SecretOnce({ made }: { made: NewKey }) {
  return (
    <div class="secret">
      <Notice tone="warn" icon={<TriangleAlert size={14} aria-hidden="true" />}>Copy it now: it is shown this once. Only its hash is kept, so nobody can look it up again.</Notice>
      <CodeBlock text={made.key} what="key" wrap />
      <p class="hint">Key <b class="mono"><bdi>{made.id}</bdi></b> of tenant <bdi>{made.tenant}</bdi>. Clients send it as <span class="mono">Authorization: Bearer …</span> or <span class="mono">x-api-key</span>.</p>
    </div>
  );
}
