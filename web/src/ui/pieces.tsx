// What differs between two texts: what went is struck through, what came stands out.
import type { TextPiece } from '@/lib/replay';

export function Pieces({ pieces }: { pieces: readonly TextPiece[] }) {
  return <>{pieces.map((piece, i) => (piece.op === 'delete' ? <del key={i}>{piece.text}</del> : piece.op === 'insert' ? <ins key={i}>{piece.text}</ins> : <span key={i}>{piece.text}</span>))}</>;
}
