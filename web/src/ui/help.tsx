// "?": every shortcut that is active here, and the switch for single letters.
import { signal } from '@preact/signals';
import { active, lettersOn, modKey, setLetters } from '@/lib/keys';
import { Dialog } from '@/ui/dialog';

export const helpOpen = signal(false);
const shown = (keys: string) => keys.replace('mod+', `${modKey} `).replaceAll('\\', '\\');
export function Help({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keyboard" onClose={onClose}>
      <label class="check"><input type="checkbox" checked={lettersOn.value} onChange={(event) => setLetters(event.currentTarget.checked)} />Single-letter shortcuts</label>
      <table>
        <thead><tr><th scope="col">Keys</th><th scope="col">Does</th></tr></thead>
        <tbody>{active.value.map((shortcut) => <tr key={shortcut.keys + shortcut.label}><td><kbd>{shown(shortcut.keys)}</kbd></td><td>{shortcut.label}</td></tr>)}
          <tr><td><kbd>↑ ↓</kbd> <kbd>J K</kbd></td><td>Move in a list</td></tr>
          <tr><td><kbd>← →</kbd></td><td>In a row: to its cells; Enter then opens or filters by one, Alt Enter excludes it</td></tr>
          <tr><td><kbd>← →</kbd> <kbd>↑ ↓</kbd></td><td>In a chart: move in time, and through what is stacked</td></tr>
          <tr><td><kbd>Shift ←</kbd> <kbd>Shift →</kbd> <kbd>Enter</kbd></td><td>In a chart: select a range, and look at it alone</td></tr>
          <tr><td><kbd>Enter</kbd> <kbd>O</kbd> <kbd>Space</kbd></td><td>Open a row, open it in a new tab, peek at it</td></tr>
        </tbody>
      </table>
    </Dialog>
  );
}
